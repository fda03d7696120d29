// Structured entries of the journal, as this program writes them. systemd.journal-fields(7)

/** syslog(3)'s levels that are in use here. */
export const PRIORITY = { error: 3, warning: 4, notice: 5, info: 6 } as const;

/** By field name (capitals, digits, underscores). undefined is left out, of a list each item is a field of its own. */
export interface JournalFields {
  readonly MESSAGE: string;
  readonly PRIORITY: number;
  readonly SYSLOG_IDENTIFIER: string | readonly string[];
  readonly [name: string]: string | number | readonly string[] | undefined;
}
