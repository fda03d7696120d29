/** What `run` returns, and what it writes to stdout and stderr. */
export async function outputOf<T>(run: () => T | Promise<T>): Promise<{ status: T; out: string; err: string }> {
  const { stdout, stderr } = process;
  const write = [stdout.write, stderr.write] as const;
  const [out, err]: [string[], string[]] = [[], []];
  stdout.write = (text: string | Uint8Array) => out.push(String(text)) > 0;
  stderr.write = (text: string | Uint8Array) => err.push(String(text)) > 0;
  try {
    const status = await run();
    return { status, out: out.join(''), err: err.join('') };
  } finally {
    [stdout.write, stderr.write] = write;
  }
}
