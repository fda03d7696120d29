// A netlink socket as systemd hands it to the daemons' units, in a lab without systemd: perl (of Debian's perl-base) opens it,
// puts it where sd_listen_fds(3) looks for it, and becomes the program.
import { spawnSync } from 'node:child_process';

const PERL = `
use Fcntl; use POSIX ();
$^F = 255; # not closed by exec
socket(my $socket, 16, 3, 0) or die "socket: $!"; # AF_NETLINK, SOCK_RAW, NETLINK_ROUTE
if (fileno($socket) != 3) { POSIX::dup2(fileno($socket), 3) or die "dup2: $!"; }
open(my $fd, '+<&=', 3) or die "fdopen: $!";
fcntl($fd, F_SETFL, O_NONBLOCK) or die "fcntl: $!";
@ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, 1, 'rtnl');
exec { $ARGV[0] } @ARGV or die "exec: $!";
`;

/** The words that start a program with a netlink socket as descriptor 3, named rtnl. */
export function withRtnl(...command: readonly string[]): readonly [string, ...string[]] {
  return ['perl', '-e', PERL, ...command];
}

/** Starts this scenario again with a netlink socket, and ends with its status, unless it has one. To be called first. */
export function ensureRtnl(): void {
  if (process.env.LISTEN_PID === `${process.pid}`) return;
  const [perl, ...args] = withRtnl(process.execPath, ...process.argv.slice(1));
  const { status, signal } = spawnSync(perl, args, { stdio: 'inherit' });
  if (signal) console.log(`not ok ended by ${signal}`);
  process.exit(status ?? 1);
}
