// Descriptors that systemd hands to the service, by the names that its units give them: sd_listen_fds(3).

const FIRST_FD = 3;

/** The descriptors of that name, in the order of the units; none where systemd passed none to this process. */
export function listenFds(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  pid: number = process.pid,
): readonly number[] {
  if (env.LISTEN_PID !== `${pid}`) return [];
  const count = Number(env.LISTEN_FDS);
  if (!Number.isInteger(count) || count < 1) return [];
  const names = (env.LISTEN_FDNAMES ?? '').split(':').slice(0, count);
  return names.flatMap((known, i) => (known === name ? [FIRST_FD + i] : []));
}
