// The JSON that iproute2 prints (lib/json_writer.c), where it is none. A port's name may hold any character but white space and `/`
// (the kernel's dev_valid_name): control characters stand there as they are, and before iproute2 6.2 an apostrophe has a backslash.

/** Reads it. Throws Error where nothing was printed, and SyntaxError where it is broken. */
export function parseIprouteJson(text: string): unknown {
  // iproute2 prints at least `[]`. Nothing at all is no answer, and not a host without anything.
  if (text.trim() === '') throw new Error('printed nothing; expected a JSON list');
  return JSON.parse(text.replace(ODD, (odd) => (odd === "\\'" ? "'" : odd.length === 1 ? escapeControl(odd) : odd)));
}

// Pairs that begin with a backslash are taken whole: in `\\'` the apostrophe is itself.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const ODD = /\\.|[\x00-\x08\x0e-\x1f]/g;

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
