// Text as man(7) wants it. Pure.

/** `text` inside of a line: what roff would read as a command, or print as a typographic quote, is escaped. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
    .replaceAll('…', '...');
}

/** A paragraph's text, on lines of its own. */
export function text(words: string): string {
  return words.trim().split('\n').map(lineStart).join('\n');
}

export function bold(words: string): string {
  return `\\fB${escaped(words)}\\fR`;
}

export function heading(title: string): string {
  return `.SH ${title.toUpperCase()}`;
}

/** A term, already escaped, and what it means. */
export function item(term: string, meaning: string): string {
  return `.TP\n${term}\n${text(meaning)}`;
}

/** Lines as they are, as of a file. */
export function example(lines: string): string {
  return `.PP\n.EX\n${lines.trimEnd().split('\n').map(lineStart).join('\n')}\n.EE`;
}

/** The page's first line. `date` as 2026-11-25. */
export function title(name: string, section: number, date: string, version: string): string {
  return `.TH ${escaped(name.toUpperCase())} ${section} ${escaped(date)} "libvirt\\-vlan\\-exporter ${version}"`;
}

// A dot or an apostrophe at the start of a line would be a command; an empty line is one in examples.
function lineStart(line: string): string {
  const safe = escaped(line.trimEnd());
  return safe.startsWith('.') ? `\\&${safe}` : safe;
}
