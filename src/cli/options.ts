// What several subcommands have in common on the command line.
import { Argument, Option } from 'commander';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';

/** `--config.file PATH`; its value is `options['config.file']`. */
export function configFileOption(): Option {
  return new Option('--config.file <path>', 'the config file').default(DEFAULT_CONFIG_FILE);
}

export interface ConfigFileOption {
  readonly 'config.file': string;
}

/** `--format table|json`; its value is `options.format`. */
export function formatOption(): Option {
  return new Option('--format <format>', 'what to print').choices(['table', 'json']).default('table');
}

export interface FormatOption {
  readonly format: 'table' | 'json';
}

/** `[DOMAIN…]`: the domains to look at, all where none is named. */
export function domainsArgument(): Argument {
  return new Argument('[domain...]', 'only these domains');
}
