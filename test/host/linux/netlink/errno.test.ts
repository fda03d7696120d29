import { expect, test } from 'vitest';
import { errnoName, explainErrno, explainRefusal } from '../../../../src/host/linux/netlink/errno.ts';

test.each([
  [1, 'operation not permitted (EPERM): CAP_NET_ADMIN is missing'],
  [19, 'no such device (ENODEV): the port is gone'],
  [22, 'invalid argument (EINVAL)'],
  [28, 'no space left on device (ENOSPC)'],
  [95, 'operation not supported (EOPNOTSUPP): it is no port of a bridge any more'],
  [4000, 'errno 4000'],
])('errno %i of a change is told as people know it', (errno, told) => {
  expect(explainRefusal(errno)).toBe(told);
});

test('outside a change it is told without what it means there', () => {
  expect([errnoName(95), explainErrno(1)]).toEqual(['EOPNOTSUPP', 'operation not permitted (EPERM)']);
});
