// What several subcommands have in common on the command line. The typings of commander tell from a declaration which flags an
// action gets, so that each flag is declared here or with its subcommand, and named once more where it is used.
import { Argument, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { DEFAULT_CONFIG_FILE } from '../config/settings.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogLevel } from '../model/log.ts';

/** `--config.file PATH`; its value is `options['config.file']`. */
export const configFileOption = () =>
  new Option('--config.file <path>', 'the config file').default(DEFAULT_CONFIG_FILE as string);

/** `--format table|json`; its value is `options.format`. */
export const formatOption = () =>
  new Option('--format <format>', 'what to print').choices(['table', 'json'] as const).default('table' as const);

/** `--format text|json`: the text is comments and commands. */
export const planFormatOption = () =>
  new Option('--format <format>', 'what to print').choices(['text', 'json'] as const).default('text' as const);

/** `--from SNAPSHOT.json`; its value is `options.from`. */
export const fromOption = () =>
  new Option('--from <snapshot>', 'look at this file, which "snapshot" printed, instead of this host');

/** `[DOMAIN…]`: the domains to look at, all where none is named. */
export const domainsArgument = () =>
  new Argument('[domain...]', 'names of domains').default([] as string[], 'all domains');

/** `--web.listen-address ADDRESS`, repeatable; `preset` where it is left out. */
export function listenAddressOption(preset: string) {
  let named: readonly string[] = [];
  return new Option(
    '--web.listen-address <address>',
    'where to listen, as ":19177", "127.0.0.1:19177", "[::1]:19177" or "unix:/PATH"; may be given several times',
  )
    .argParser((address: string): readonly string[] => {
      named = [...named, address];
      return named;
    })
    .default([preset] as readonly string[]);
}

/** `--web.config.file PATH`; an empty one is none, as in Prometheus' exporters. */
export const webConfigFileOption = (description: string) =>
  new Option('--web.config.file <path>', `${description}; none where it is empty`);

/** `--log.level LEVEL`, on stderr. */
export const logLevelOption = (preset: LogLevel) =>
  new Option('--log.level <level>', 'least level to log').choices(LOG_LEVELS).default(preset);

/** `--log.format FORMAT`. */
export const logFormatOption = () =>
  new Option('--log.format <format>', 'format of the log, on stderr').choices(LOG_FORMATS).default('logfmt' as const);

/** The value of a flag that is a number. */
export const number = (least: number, most: number) => inBounds('a number', () => true, least, most);

/** The value of a flag that is a number without a fraction. */
export const integer = (least: number, most: number) => inBounds('an integer', Number.isInteger, least, most);

function inBounds(what: string, isOne: (value: number) => boolean, least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && isOne(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected ${what} from ${least} to ${most}`);
  };
}
