// lab-timeout: 1200
// The hook on a real bridge: the same tables as the original's for each of the report's VMs, ten at once, and what can go wrong.
// Each call goes through the built hook.sh and hook.cjs. `logger` is a stand-in that keeps what it is given.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseSettings } from '../../../src/config/load.ts';
import { parseVlanShow } from '../../../src/host/linux/iproute2/text.ts';
import { tapMac } from '../../../src/model/mac.ts';
import { STATUS_FILE } from '../../../src/model/remediator-paths.ts';
import { formatTable } from '../../../src/model/vlan.ts';
import shippedConfig from '../../../systemd/config.yml?raw';
import { ORIGINAL_HOOK, PVID100_VMS } from '../../fixtures/original-hook.ts';
import { finish, note, sh, test, until } from '../scenario.ts';

const FOLDER = '/tmp/hook';
const JOURNAL = `${FOLDER}/journal`;
const RIGHT = '10 20 30 40 100* 110 120';

interface Nic {
  readonly tap: string;
  readonly mac: string;
}

function xml(name: string, nics: readonly Nic[]): string {
  const interfaces = nics.map(
    ({ tap, mac }) => `<interface type="bridge">
      <mac address="${mac}"/><source bridge="br-mgmt"/><target dev="${tap}"/></interface>`,
  );
  return `<domain><name>${name}</name><devices>${interfaces.join('\n')}</devices></domain>`;
}

async function addTaps(nics: readonly Nic[]): Promise<void> {
  await sh('ip -batch -', {
    input: nics
      .map(({ tap, mac }) => `tuntap add ${tap} mode tap\nlink set ${tap} address ${tapMac(mac)} master br-mgmt up\n`)
      .join(''),
  });
}

async function removeTaps(nics: readonly Nic[]): Promise<void> {
  await sh('ip -batch -', { input: nics.map(({ tap }) => `link del ${tap}\n`).join('') });
}

/** Runs a test with these taps. Where it fails, it leaves nothing that the next one would fall over. */
async function withTaps(nics: readonly Nic[], body: () => Promise<void>): Promise<void> {
  await addTaps(nics);
  try {
    await body();
  } finally {
    await sh('ip -force -batch - || true', { input: nics.map(({ tap }) => `link del ${tap}\n`).join('') });
    await entries();
  }
}

async function tables(): Promise<Record<string, string>> {
  const shown = parseVlanShow(await sh('bridge -j -compressvlans vlan show'));
  return Object.fromEntries([...shown].map(([port, table]) => [port, formatTable(table)]));
}

interface Call {
  readonly name: string;
  readonly operation: string;
  readonly stdin: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: string;
}

/** Calls our hook as libvirt does; its exit status, what it printed on stdout, the milliseconds until its stdio was closed. */
function ours({ name, operation, stdin, env, shell = '/bin/sh' }: Call) {
  const places = { LIBVIRT_VLAN_NODE: process.execPath, LIBVIRT_VLAN_CONFIG: `${FOLDER}/config.yml` };
  const begin = performance.now();
  return new Promise<{ status: number | null; stdout: string; ms: number }>((resolve, reject) => {
    const script = `${dirname(process.argv[1] ?? '')}/hook/hook.sh`;
    const child = spawn(shell, [script, name, operation, 'begin', '-'], { env: { ...process.env, ...places, ...env } });
    let stdout = '';
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.on('error', reject).on('close', (status) => resolve({ status, stdout, ms: performance.now() - begin }));
    // It may end without having read all of it.
    child.stdin.on('error', () => undefined).end(stdin);
  });
}

/** The original, with another folder for the XML and nothing else changed; it ends when its background part has. */
async function original(name: string, nics: readonly Nic[]): Promise<void> {
  await sh(`cat > ${FOLDER}/qemu/${name}.xml`, { input: xml(name, nics) });
  // What it logs is nobody's concern here, and half of its time: a function of that name costs no process.
  await sh(`bash -c 'logger() { :; }; export -f logger; exec bash ${FOLDER}/original ${name} started begin -' | cat`);
}

/** Whether a hook that has answered still writes to the journal, which libvirt does not wait for. */
function isWriting(): boolean {
  return readdirSync('/proc').some((process) => {
    try {
      const line = readFileSync(`/proc/${process}/cmdline`, 'utf8');
      return line.includes('hook.sh\0') && line.includes('\0start\0');
    } catch {
      return false;
    }
  });
}

/** Journal entries since the last call of this, in no order: all of the calls at start. */
async function entries(): Promise<readonly string[]> {
  await until('what is written to the journal is written', 60_000, async () => !isWriting());
  const list = kept();
  rmSync(JOURNAL, { force: true });
  return list;
}

const kept = () =>
  existsSync(JOURNAL)
    ? readFileSync(JOURNAL, 'utf8')
        .split('\0')
        .filter((entry) => entry !== '')
    : [];

async function entriesWhen(count: number): Promise<readonly string[]> {
  await until(`${count} journal entries`, 60_000, async () => kept().length >= count);
  return entries();
}

const messages = (list: readonly string[]) => list.map((entry) => /^MESSAGE=(.*)$/m.exec(entry)?.[1] ?? '').sort();

async function prepare(): Promise<void> {
  await sh(`[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
    mkdir -p ${FOLDER}/qemu ${FOLDER}/bin ${FOLDER}/none
    ip link add br-mgmt type bridge vlan_filtering 1 && ip link set br-mgmt up
    for p in sh timeout; do ln -s $(command -v $p) ${FOLDER}/none/; done; ln -s ${FOLDER}/bin/logger ${FOLDER}/none/logger`);
  // One write for each entry, and no process but this one: they are dear here.
  writeFileSync(
    `${FOLDER}/bin/logger`,
    `#!/bin/sh
[ "$1" = --journald ] || exit 0
entry=
while IFS= read -r line; do entry="$entry$line
"; done
printf '%s\\0' "$entry" >>${JOURNAL}
`,
    { mode: 0o755 },
  );
  process.env.PATH = `${FOLDER}/bin:${process.env.PATH}`;
  await sh(`cat > ${FOLDER}/config.yml`, { input: shippedConfig });
  await sh(`cat > ${FOLDER}/original`, { input: ORIGINAL_HOOK.replaceAll('/etc/libvirt/qemu/', `${FOLDER}/qemu/`) });
}

async function scenario(): Promise<void> {
  await prepare();

  await test('ten hooks at once on a bridge with 200 other ports: each VM right, no other port touched, no error', async () => {
    const neighbours = Array.from({ length: 200 }, (_, n) => ({
      tap: `vnet${1000 + n}`,
      // The last octets of the VMs' own, so that a sloppy comparison would find them.
      mac: `02:54:00:00:00:${n.toString(16).padStart(2, '0')}`,
    }));
    const vms = Array.from({ length: 10 }, (_, n) => ({
      name: PVID100_VMS[n] ?? '',
      nics: [0, 1].map((k) => ({
        tap: `tap-${n}.${k}`,
        mac: `52:54:00:00:00:${(2 * n + k).toString(16).padStart(2, '0')}`,
      })),
    }));
    await withTaps([...neighbours, ...vms.flatMap((vm) => vm.nics)], async () => {
      await sh('bridge vlan add vid 300 dev vnet1007 && bridge vlan del vid 1 dev vnet1008');
      const before = await tables();
      // Under user-mode Linux, all on one processor, ten take as long as hundreds elsewhere; how long one may take is another test's matter.
      const env = { LIBVIRT_VLAN_ANSWER_SECONDS: '60' };
      const begin = performance.now();
      const ends = await Promise.all(
        vms.map(({ name, nics }) => ours({ name, operation: 'start', stdin: xml(name, nics), env })),
      );
      note(`ten hooks at once took ${Math.round(performance.now() - begin)} ms`);
      assert.deepEqual([...new Set(ends.map((end) => end.status))], [0]);
      const wanted = vms.flatMap((vm) => vm.nics.map((nic) => [nic.tap, RIGHT] as const));
      assert.deepEqual(await tables(), { ...before, ...Object.fromEntries(wanted) });
      const said = await entriesWhen(20);
      assert.equal(said.length, 20);
      assert.deepEqual(
        said.filter((entry) => !entry.includes('\nPRIORITY=6\n')),
        [],
      );
    });
  });

  const nic = { tap: 'vnet1', mac: '52:54:00:00:00:01' };
  const good = xml('vyos-01', [nic]);
  // Between the look and the change.
  await sh(`mkdir ${FOLDER}/slow && cat > ${FOLDER}/slow/bridge && chmod +x ${FOLDER}/slow/bridge`, {
    input: `#!/bin/sh
case "$*" in *-batch*) ip link del ${nic.tap} ;; esac
exec ${await sh('command -v bridge')} "$@"
`,
  });
  const cases: readonly (readonly [string, Partial<Call>, RegExp])[] = [
    ['no config', { env: { LIBVIRT_VLAN_CONFIG: '/nowhere.yml' } }, /ERROR: start: \/nowhere\.yml: no such file/],
    ['a bad config', { env: { LIBVIRT_VLAN_CONFIG: `${FOLDER}/bad.yml` } }, /ERROR: start: .*bad\.yml:1:/],
    ['empty stdin', { stdin: '' }, /ERROR: start: the XML is empty/],
    ['XML of another VM', { stdin: xml('vyos-02', [nic]) }, /ERROR: start: the XML is that of "vyos-02"/],
    ['a guest that is a path', { name: '../../etc/passwd' }, /ERROR: start: the XML is that of "vyos-01"/],
    ['bridge missing', { env: { PATH: `${FOLDER}/none` } }, /ERROR: start: vlans: .*no such program/],
    [
      'a port that vanishes half-way',
      { env: { PATH: `${FOLDER}/slow:${process.env.PATH}` } },
      /WARN: start: vnet1 .*gone/,
    ],
  ];
  await sh(`echo 'bridges: 7' > ${FOLDER}/bad.yml`);
  for (const [what, call, says] of cases) {
    await test(`${what}: a clear entry, exit 0, nothing changed elsewhere`, async () => {
      await withTaps([{ tap: 'other0', mac: '02:54:00:00:00:01' }, nic], async () => {
        const { vnet1, ...before } = await tables();
        const { status, stdout } = await ours({ name: 'vyos-01', operation: 'start', stdin: good, ...call });
        assert.deepEqual([status, stdout], [0, '']);
        const said = messages(await entriesWhen(1));
        assert.ok(
          said.some((message) => says.test(message)),
          said.join('\n'),
        );
        const { vnet1: now = vnet1, ...after } = await tables();
        assert.deepEqual([now, after], [vnet1, before]);
      });
    });
  }

  await test('a bridge that hangs: libvirt has its answer, and the journal names it', async () => {
    await sh(
      `mkdir ${FOLDER}/hung && printf '#!/bin/sh\nexec tail -f /dev/null\n' > ${FOLDER}/hung/bridge && chmod +x ${FOLDER}/hung/bridge`,
    );
    await withTaps([nic], async () => {
      const env = { PATH: `${FOLDER}/hung:${process.env.PATH}` };
      const { status, ms } = await ours({ name: 'vyos-01', operation: 'start', stdin: good, env });
      note(`it took ${Math.round(ms)} ms`);
      assert.equal(status, 0);
      assert.ok(ms < 10_000, `${ms} ms`);
      assert.match(messages(await entriesWhen(1)).join(), /^ERROR: start: vlans: bridge .*timed out/);
    });
  });

  await test('node that hangs: libvirt has its answer, the VM starts, unless the config says fail_closed', async () => {
    await sh(`printf '#!/bin/sh\nsleep 1000\n' > ${FOLDER}/stuck && chmod +x ${FOLDER}/stuck
      { cat ${FOLDER}/config.yml; echo 'hook: {fail_closed: true}'; } > ${FOLDER}/closed.yml`);
    for (const [config, expected] of [
      ['config.yml', 0],
      ['closed.yml', 1],
    ] as const) {
      const env = { LIBVIRT_VLAN_NODE: `${FOLDER}/stuck`, LIBVIRT_VLAN_CONFIG: `${FOLDER}/${config}` };
      const { status, ms } = await ours({ name: 'vyos-01', operation: 'start', stdin: good, env });
      assert.equal(status, expected);
      assert.ok(ms < 10_000, `${ms} ms`);
    }
    assert.match(messages(await entriesWhen(3)).join(), /no answer from .* within 8 s/);
  });

  await test('at reconnect a policy that the remediator holds is left alone, and told; another one is put in force', async () => {
    const { sha256 } = parseSettings(readFileSync(`${FOLDER}/config.yml`, 'utf8'), 'config.yml').policy;
    mkdirSync(dirname(STATUS_FILE), { recursive: true });
    await withTaps([nic], async () => {
      writeFileSync(STATUS_FILE, JSON.stringify({ heldPolicySha256: sha256 }));
      await ours({ name: 'vyos-01', operation: 'reconnect', stdin: good });
      assert.match(messages(await entriesWhen(1)).join(), /^WARN: reconnect: the remediator holds this policy/);
      assert.equal((await tables()).vnet1, '1*');
      // As one that is being written by somebody who has died.
      writeFileSync(STATUS_FILE, `{"heldPolicySha256":"${sha256}`);
      await ours({ name: 'vyos-01', operation: 'reconnect', stdin: good });
      await entriesWhen(1);
      assert.equal((await tables()).vnet1, RIGHT);
    }).finally(() => rmSync(dirname(STATUS_FILE), { recursive: true }));
  });

  for (const shell of ['/bin/dash', '/bin/bash']) {
    await test(`the script, run by ${shell}, does the same`, async () => {
      await withTaps([nic], async () => {
        const { status, stdout } = await ours({ name: 'vyos-01', operation: 'start', stdin: good, shell });
        assert.deepEqual([status, stdout, (await tables()).vnet1], [0, '', RIGHT]);
        assert.match(messages(await entriesWhen(1)).join(), /^start: vnet1 on br-mgmt: VLANs/);
      });
    });
  }

  await test('an unknown operation: nothing happens, no entry', async () => {
    const { status, stdout } = await ours({ name: 'vyos-01', operation: 'frobnicate', stdin: good });
    assert.deepEqual([status, stdout, await entries()], [0, '', []]);
  });

  await test('without its tap the hook does not hold up libvirt at started; when the tap comes it is configured', async () => {
    // What libvirt keeps of a VM that runs.
    const live = '/run/libvirt/qemu/vyos-01.xml';
    await sh(`mkdir -p /run/libvirt/qemu && cat > ${live}`, { input: good });
    const early = await ours({ name: 'vyos-01', operation: 'start', stdin: good });
    const waiting = await ours({ name: 'vyos-01', operation: 'started', stdin: good });
    assert.deepEqual([early.status, waiting.status], [0, 0]);
    note(`without the tap: start ${Math.round(early.ms)} ms, started ${Math.round(waiting.ms)} ms`);
    assert.ok(waiting.ms < early.ms, `${waiting.ms} ms`);
    assert.match(messages(await entriesWhen(1)).join(), /looking again when it has started/);
    await withTaps([nic], async () => {
      const { ms } = await until('the tap is configured', 15_000, async () => (await tables()).vnet1 === RIGHT);
      note(`configured ${Math.round(ms)} ms after the tap came`);
      assert.match(messages(await entriesWhen(1)).join(), /^started: vnet1 on br-mgmt: VLANs/);
    });
    await sh(`rm ${live}`);
  });

  await test('started is a second look, which libvirt does not wait for', async () => {
    await withTaps([nic], async () => {
      await ours({ name: 'vyos-01', operation: 'start', stdin: good });
      await entriesWhen(1);
      await sh('bridge vlan del vid 100 dev vnet1');
      await ours({ name: 'vyos-01', operation: 'started', stdin: good });
      assert.match(messages(await entriesWhen(1)).join(), /^started: vnet1 .*; was 10 20 30 40 110 120$/);
      assert.equal((await tables()).vnet1, RIGHT);
    });
  });

  await test('a restart of libvirtd with fifty VMs whose VLANs were lost: all are right again, and few nodes were started', async () => {
    const vms = Array.from({ length: 50 }, (_, n) => ({
      name: `vm-${n}`,
      nics: [{ tap: `vnet${n}`, mac: `52:54:00:00:01:${n.toString(16).padStart(2, '0')}` }],
    }));
    await withTaps(
      vms.flatMap((vm) => vm.nics),
      async () => {
        await sh(
          `printf '#!/bin/sh\necho >>${FOLDER}/nodes\nexec ${process.execPath} "$@"\n' > ${FOLDER}/counted && chmod +x ${FOLDER}/counted`,
        );
        const env = { LIBVIRT_VLAN_NODE: `${FOLDER}/counted` };
        const calls = vms.map(({ name, nics }) => ours({ name, operation: 'reconnect', stdin: xml(name, nics), env }));
        const ends = await Promise.all(calls);
        assert.deepEqual([...new Set(ends.map((end) => end.status))], [0]);
        const said = messages(await entriesWhen(50));
        assert.deepEqual(
          said.filter((message) => !/^(WARN: )?reconnect: vnet/.test(message)),
          [],
        );
        const wanted = '1* 10 20 30 40 100 110 120';
        const found = await tables();
        assert.deepEqual(
          vms.map(({ nics }) => found[nics[0]?.tap ?? '']),
          vms.map(() => wanted),
        );
        const nodes = Number(await sh(`wc -l <${FOLDER}/nodes`));
        note(
          `libvirt waited ${Math.round(Math.max(...ends.map((end) => end.ms)))} ms for the last of 50; ${nodes} node processes`,
        );
        assert.ok(nodes <= 10, `${nodes} node processes`);
      },
    );
  });

  await test('a port whose name a batch cannot hold is configured as well', async () => {
    const odd = { tap: 'a#b"c', mac: nic.mac };
    await sh(
      `ip tuntap add '${odd.tap}' mode tap && ip link set '${odd.tap}' address ${tapMac(odd.mac)} master br-mgmt up`,
    );
    const stdin = xml('vyos-01', [{ ...odd, tap: 'a#b&quot;c' }]);
    assert.equal((await ours({ name: 'vyos-01', operation: 'start', stdin })).status, 0);
    assert.equal((await tables())[odd.tap], RIGHT);
    await sh(`ip link del '${odd.tap}'`);
  });

  await test("each of the report's VMs, and some others, has the same tables by our hook as by the original", async () => {
    const others = ['web-1', 'vyos-010', 'my-vyos-01', 'VYOS-01'];
    const macs = ['52:54:00:0a:bb:cc', 'fe:54:00:01:02:03', '02:54:00:0a:bb:cd'];
    let i = 0;
    for (const name of [...PVID100_VMS, ...others]) {
      // The original takes seconds for each interface.
      const nics = macs.slice(0, i % 10 === 1 ? 3 : 1).map((mac, n) => ({ tap: `vnet${i * 3 + n}`, mac }));
      await addTaps(nics);
      await original(name, nics);
      const theirs = await tables();
      await removeTaps(nics);
      await addTaps(nics);
      const { status, stdout } = await ours({ name, operation: 'start', stdin: xml(name, nics) });
      assert.deepEqual([status, stdout], [0, ''], name);
      assert.deepEqual(await tables(), theirs, name);
      assert.equal(theirs[nics[0]?.tap ?? ''], others.includes(name) ? '1* 10 20 30 40 100 110 120' : RIGHT, name);
      await removeTaps(nics);
      i++;
      if (i % 8 === 0) note(`${i} VMs are the same`);
    }
    note(`${i} VMs, some with three interfaces`);
    await entries();
  });

  await sh(`ip link del br-mgmt`);
  finish();
}

await scenario();
