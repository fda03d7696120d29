// The one `bridge -j -compressvlans -batch -` that libvirt's script starts beside node (hook/script.ts). To ask it again costs 5 ms,
// to start another out of node 28, of which 11 are for loading child_process (kernel lab). It runs each line as it comes, and
// writes one line of JSON for each `vlan show` at once (iproute2's json_writer.c). It ends at the first command that fails: then
// it is as if it had never been, and the commands are run again by a `bridge` of their own, which says what is wrong.
import { closeSync, read, writeFileSync, writeSync } from 'node:fs';
import type { Host } from '../host/host.ts';
import { SHOW, SHOW_OPTIONS } from '../host/linux/vlans.ts';

export interface BridgeSession {
  /** Commands for a batch of which the last, and no other, shows tables. Returns its JSON; undefined where the session has ended. */
  ask(commands: string): Promise<string | undefined>;
  /** Ends it. */
  close(): void;
}

const SHOW_ALONE = ['bridge', ...SHOW_OPTIONS, ...SHOW].join(' ');
const BATCH = ['bridge', ...SHOW_OPTIONS, '-force', '-batch', '-'].join(' ');
const SHOW_LINE = `${SHOW.join(' ')}\n`;

/** `run` that asks the session first. */
export function throughSession(session: BridgeSession, run: Host['run']): Host['run'] {
  return async (command, args, options) => {
    const commands = commandsOf([command, ...args].join(' '), options.input);
    const stdout = commands && (await session.ask(commands));
    return stdout ? { stdout, stderr: '', exitCode: 0, problem: undefined } : run(command, args, options);
  };
}

function commandsOf(line: string, input = ''): string | undefined {
  if (line === SHOW_ALONE) return SHOW_LINE;
  return line === BATCH && input.endsWith(`\n${SHOW_LINE}`) ? input : undefined;
}

/** File descriptors of pipes: its stdin and its stdout. An answer that takes longer than `timeoutMs` is none. */
export function openSession(commandsFd: number, tablesFd: number, timeoutMs: number): BridgeSession {
  let open = true;
  const close = () => {
    if (open) closeQuietly(commandsFd);
    open = false;
  };
  return {
    ask: async (commands) => {
      // Longer ones could fill the pipe, and to write to a full one would wait for ever.
      const fits = Buffer.byteLength(commands) <= MAX_BYTES;
      const answer =
        open && fits ? await exchange(commandsFd, tablesFd, commands, timeoutMs).catch(() => undefined) : undefined;
      if (answer !== undefined && isList(answer)) return answer;
      close();
      return undefined;
    },
    close,
  };
}

// Rejects with EPIPE where bridge has ended, or was never there.
async function exchange(commandsFd: number, tablesFd: number, commands: string, timeoutMs: number) {
  writeSync(commandsFd, commands);
  const chunks: Buffer[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    for (;;) {
      const chunk = await Promise.race([readChunk(tablesFd), late]);
      if (!chunk) wake(tablesFd);
      if (!chunk?.length) return undefined;
      chunks.push(chunk);
      if (chunk.at(-1) === NEWLINE) return Buffer.concat(chunks).toString();
    }
  } finally {
    clearTimeout(timer);
  }
}

const NEWLINE = 0x0a;
// Half of what a pipe holds.
const MAX_BYTES = 32_768;

function isList(json: string): boolean {
  try {
    return Array.isArray(JSON.parse(json));
  } catch {
    return false;
  }
}

/** Empty at the end. */
function readChunk(fd: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(65_536);
  return new Promise((resolve, reject) =>
    read(fd, chunk, 0, chunk.length, null, (error, length) =>
      error ? reject(error) : resolve(chunk.subarray(0, length)),
    ),
  );
}

// A read that waits for ever would keep the process for ever: a pipe that is open for reading can be opened for writing as well.
function wake(fd: number): void {
  writeFileSync(`/proc/self/fd/${fd}`, '\n');
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Nobody gave it to us.
  }
}
