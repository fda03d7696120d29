import { closeSync, constants, openSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { openExchange } from '../../../../src/host/linux/netlink/open.ts';

/** A descriptor of this process, with these flags. */
function descriptor(flags: number): number {
  const fd = openSync('/dev/null', flags);
  onTestFinished(() => closeSync(fd));
  return fd;
}

test('a descriptor that does not block is taken', () => {
  expect(openExchange(descriptor(constants.O_RDWR | constants.O_NONBLOCK))).toHaveProperty('exchange');
});

test.each([constants.O_RDONLY, constants.O_WRONLY, constants.O_RDWR | constants.O_APPEND])(
  'one that blocks would hold up the daemon, and is not: flags %d',
  (flags) => {
    const fd = descriptor(flags);
    expect(openExchange(fd)).toEqual({ problem: `descriptor ${fd} blocks: the unit lacks NonBlocking=yes` });
  },
);

test('one that is not there is told', () => {
  expect(openExchange(1_000_000)).toEqual({
    problem: expect.stringMatching(/^descriptor 1000000 cannot be looked at: ENOENT/),
  });
});
