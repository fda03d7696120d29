// Words for commands that people copy into a POSIX shell (IEEE 1003.1, 2.2 Quoting).

/** `word` as one word of a shell command. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
