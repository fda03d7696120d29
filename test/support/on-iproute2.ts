// A simulated host whose bridges are asked by programs, as a real one's: iproute2's text goes both ways, and its commands can be
// counted, sabotaged and listened to.
import { createIproute2 } from '../../src/host/linux/iproute2/bridges.ts';
import type { SimHost } from '../../src/host/sim/host.ts';

export function onIproute2(sim: SimHost): SimHost {
  const follow: SimHost['follow'] = (command, args, events) =>
    command === 'ip'
      ? sim.bridges.watch(() => events.line('7: vnet7: <BROADCAST> …'), events.end)
      : sim.follow(command, args, events);
  return { ...sim, bridges: createIproute2({ ...sim, follow }) };
}
