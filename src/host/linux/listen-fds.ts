// Descriptors that systemd hands to the service, by the names that its units give them: sd_listen_fds(3).

const FIRST_FD = 3;

/** The descriptors of that name, in the order of the units; none where systemd passed none to this process. */
export function listenFds(env: NodeJS.ProcessEnv, name: string, pid: number = process.pid): readonly number[] {
  return handedOver(env, pid).flatMap(([fd, known]) => (known === name ? [fd] : []));
}

// What else systemd hands over, by the names in our units: no HTTP is served on these.
const NOT_WEB = ['rtnl', 'notify', 'stored'];

/** The sockets to serve on: all but those whose names say that they are for something else. */
export function webSockets(env: NodeJS.ProcessEnv, pid: number = process.pid): readonly number[] {
  return handedOver(env, pid).flatMap(([fd, name]) => (NOT_WEB.includes(name) ? [] : [fd]));
}

function handedOver(env: NodeJS.ProcessEnv, pid: number): readonly (readonly [number, string])[] {
  if (env.LISTEN_PID !== `${pid}`) return [];
  const names = (env.LISTEN_FDNAMES ?? '').split(':');
  return Array.from({ length: Number(env.LISTEN_FDS) }, (_, i) => [FIRST_FD + i, names[i] ?? ''] as const);
}
