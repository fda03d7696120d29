// Words for commands that people copy into a POSIX shell (IEEE 1003.1, 2.2 Quoting).

/** `word` as one word of a shell command. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** `word` as an argument of our own command line: what begins with a dash would be taken for an option. */
export function shellArgument(word: string): string {
  return word.startsWith('-') ? `-- ${shellWord(word)}` : shellWord(word);
}
