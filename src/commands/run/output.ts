// Data to stdout. A reader that has enough, as `head`, closes its end: that is no error.

/** Writes `text`. The exit status stays what it is when nobody reads on. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error', ignoreClosedPipe) === 0) process.stdout.on('error', ignoreClosedPipe);
  process.stdout.write(text);
}

/** Whether stdout shows colour: a terminal that can, and neither NO_COLOR nor TERM=dumb says otherwise. */
export function showsColour(): boolean {
  return process.stdout.isTTY === true && process.stdout.hasColors();
}

/** Writes a line for people to stderr, as all that is no data. */
export function tell(line: string): void {
  process.stderr.write(`libvirt-vlan-exporter: ${line}\n`);
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
