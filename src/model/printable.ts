// Text from outside (domain names, guests' XML, programs' messages) for a terminal, a journal entry or one line of a log.

// Control and format characters (some turn the direction of the text), and the line separators that some viewers break at.
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text on one line, without anything a viewer would obey: such characters are written as \xNN, \uNNNN or \u{N…}. */
export function printable(text: string): string {
  return text.replace(CONTROL, writtenOut);
}

/** The same, but its line ends and tabs stay. */
export function printableLines(text: string): string {
  return text.replace(CONTROL, (char) => (char === '\n' || char === '\t' ? char : writtenOut(char)));
}

function writtenOut(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16);
  if (hex.length > 4) return `\\u{${hex}}`;
  return hex.length > 2 ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`;
}

/** At most `length` characters of the text; an ellipsis stands for the rest. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
