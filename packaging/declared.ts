// What src/cli declares to commander, as plain data: man page and completions are made from it, and --help is. Pure.

import type { EventEmitter } from 'node:events';
import type { CommandUnknownOpts as Command, Option } from '@commander-js/extra-typings';

export interface DeclaredCommand {
  /** Words after the program's name; none for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  readonly arguments: readonly DeclaredArgument[];
  readonly options: readonly DeclaredOption[];
  readonly commands: readonly DeclaredCommand[];
  /** What --help says below: the exit status. */
  readonly after: string;
}

export interface DeclaredArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
}

export interface DeclaredOption {
  /** With its dashes. */
  readonly name: string;
  /** What stands for its value, as `path`; undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  readonly description: string;
  /** As it would be written; undefined where there is none. */
  readonly preset: string | undefined;
}

/** The command and all below it. Hidden commands and options are left out. */
export function declared(command: Command, path: readonly string[] = []): DeclaredCommand {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      required: argument.required,
      variadic: argument.variadic,
    })),
    options: help.visibleOptions(command).map((option) => ({
      name: option.long ?? option.short ?? '',
      value: /[<[](.+?)[>\]]/.exec(option.flags)?.[1],
      choices: option.argChoices ?? [],
      description: option.description,
      preset: presetOf(option),
    })),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== 'help')
      .map((child) => declared(child, [...path, child.name()])),
    after: textAfter(command),
  };
}

/** All commands that do something by themselves, in the order in which they are declared. */
export function leaves(command: DeclaredCommand): readonly DeclaredCommand[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

// What stands for it in --help, where its value is written otherwise, as a duration is.
function presetOf({ negate, defaultValue, defaultValueDescription }: Option): string | undefined {
  if (negate || defaultValue === undefined) return undefined;
  return defaultValueDescription ?? [defaultValue].flat().join(' ');
}

// addHelpText keeps its text in a listener.
function textAfter(command: Command): string {
  let text = '';
  const write = (part: string) => (text += part);
  // Every command is an EventEmitter; the typings do not say so.
  (command as unknown as EventEmitter).emit('afterHelp', { error: false, command, write });
  return text.trim();
}
