// A second libvirt host in the host lab: a libvirtd in mount, network and UTS namespaces of its own, with a bridge br-mgmt, hook,
// exporter and remediator. It shares the lab's config file, and its journal. Its exporter answers at ADDRESS:19177.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { sh, until } from './scenario.ts';

const FOLDER = '/srv/hostb';
const ADDRESS = '10.77.0.2';
// What all its processes say.
const LOG = '/srv/hostb.log';

/** How either libvirtd calls the other; libvirt's sockets of both lie where both see them. */
export const LAB_URI = 'qemu+unix:///system?socket=/srv/hosta/run/libvirt-sock';
export const SECOND_URI = `qemu+unix:///system?socket=${FOLDER}/run/libvirt-sock`;

// Without D-Bus libvirt asks no systemd-machined, which would know each VM twice; /sys anew is that of the network namespace.
const UP = `hostname lab-b
mount --make-rprivate /
mount -t sysfs sys /sys
for of in run=/run/libvirt lib=/var/lib/libvirt log=/var/log/libvirt cache=/var/cache/libvirt etc=/etc/libvirt remediator=/run/libvirt-vlan-remediator \\
    hook=/run/libvirt-vlan-hook; do
  mkdir -p "\${of#*=}" && mount --bind "${FOLDER}/\${of%%=*}" "\${of#*=}"
done
mount -t tmpfs none /run/dbus
ip link set lo up
ip link add br-mgmt type bridge vlan_filtering 1 && ip link set br-mgmt up
touch ${FOLDER}/ready
exec sleep infinity
`;

export interface SecondHost {
  /** `host:port` of its exporter. */
  readonly target: string;
  /** Runs a shell command there. */
  on(command: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it, and resolves when libvirtd answers and the exporter is ready. */
export async function startSecondHost(): Promise<SecondHost> {
  const children: ChildProcess[] = [];
  const begin = (command: string, ...args: readonly string[]) => {
    const log = openSync(LOG, 'a');
    const child = spawn(command, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    children.push(child);
    return child;
  };
  const folders = ['run', 'lib', 'log', 'cache', 'etc', 'remediator', 'hook', 'state'].map(
    (name) => `${FOLDER}/${name}`,
  );
  await sh(`mkdir -p ${folders.join(' ')} /srv/hosta/run /run/libvirt-vlan-remediator /run/libvirt-vlan-hook
    mount --bind /run/libvirt /srv/hosta/run
    cp -a /etc/libvirt/. ${FOLDER}/etc/ && cp -a /var/lib/libvirt/. ${FOLDER}/lib/
    rm -rf ${FOLDER}/etc/qemu/*.xml ${FOLDER}/etc/qemu/networks/autostart/*
    echo 'host_uuid = "11111111-2222-4333-8444-555555555555"' >>${FOLDER}/etc/libvirtd.conf
    echo 'stdio_handler = "file"' >>${FOLDER}/etc/qemu.conf`);
  writeFileSync('/srv/hostb.sh', UP);
  const keeper = begin('unshare', '--mount', '--net', '--uts', 'bash', '/srv/hostb.sh');
  await until('the namespaces', 60_000, () => existsSync(`${FOLDER}/ready`));
  const inside = ['-t', `${keeper.pid}`, '-m', '-n', '-u', '--'] as const;
  writeFileSync('/usr/local/bin/on-b', `#!/bin/sh\nexec nsenter ${inside.join(' ')} "$@"\n`, { mode: 0o755 });
  await sh(`ip link add mig-a type veth peer name mig-b netns ${keeper.pid}
    ip addr add 10.77.0.1/24 dev mig-a && ip link set mig-a up
    on-b ip addr add ${ADDRESS}/24 dev mig-b && on-b ip link set mig-b up
    on-b libvirt-vlan-exporter hook install`);
  begin('nsenter', ...inside, 'libvirtd', '-p', '/run/libvirt/libvirtd.pid');
  begin('nsenter', ...inside, 'libvirt-vlan-exporter', 'serve', '--web.listen-address', `${ADDRESS}:19177`);
  const environment = ['RUNTIME_DIRECTORY=/run/libvirt-vlan-remediator', `STATE_DIRECTORY=${FOLDER}/state`];
  begin('nsenter', ...inside, 'env', ...environment, 'libvirt-vlan-exporter', 'remediate');
  const answers = async (what: string, command: string) => {
    await until(what, 120_000, () => sh(command), 1000).catch((error: Error) => {
      throw new Error(`${error.message}\n${readFileSync(LOG, 'utf8').slice(-4000)}`);
    });
  };
  await answers('its libvirtd', `virsh -c '${SECOND_URI}' list`);
  await answers('its exporter', `curl -sf http://${ADDRESS}:19177/-/ready`);
  return {
    target: `${ADDRESS}:19177`,
    on: (command) => sh(`on-b bash -s`, { input: command, timeoutMs: 600_000 }),
    stop: async () => {
      for (const child of children.toReversed()) child.kill();
      await sh('ip link del mig-a; umount /srv/hosta/run; rm -f /usr/local/bin/on-b; true');
    },
  };
}
