// Troubles of what is installed for this program: units, hook, journal, web config, remediator. Pure.
import { remarks, unawareDaemons } from '../hook/installation.ts';
import { PAUSE_FILE } from '../model/remediator-paths.ts';
import { isHolding } from '../model/remediator-status.ts';
import { shellArgument } from '../model/shell.ts';
import { EXPORTER, REMEDIATOR, SOCKETS, type Systemd, type Unit } from '../model/surroundings.ts';
import { count, HELD } from '../report/words.ts';
import { type Trouble, when } from './diagnosis.ts';
import { type Facts, runs } from './facts.ts';

export function units({ systemd, hook: installed }: Facts): readonly Trouble[] {
  return [
    ...(systemd.ok ? ownUnits(systemd.value) : []),
    ...when(installed.ok && installed.value.libvirt === undefined, {
      check: 'libvirt',
      what: 'no libvirt daemon is installed',
      why: 'there is no VM to watch',
      type: 'apt install libvirt-daemon-system',
    }),
  ];
}

function ownUnits({ units: known }: Systemd): readonly Trouble[] {
  const check = 'units';
  const remediator = known.get(REMEDIATOR);
  return [
    ...exporter(known.get(EXPORTER)),
    ...[EXPORTER, REMEDIATOR, ...SOCKETS].flatMap((name) => {
      const unit = known.get(name);
      return [
        ...when(unit?.active === 'failed', {
          check,
          what: `${name} has failed`,
          why: 'it does not do its work',
          type: `journalctl -u ${name} -n 20`,
        }),
        ...when(unit?.stale === true, {
          check,
          what: `${name} was changed since systemd read it`,
          why: 'what runs is not what the file says',
          type: 'systemctl daemon-reload',
        }),
      ];
    }),
    ...when(remediator?.file === 'enabled' && remediator.active === 'inactive', {
      check,
      what: `${REMEDIATOR} is enabled and does not run`,
      why: 'nothing is healed',
      type: `systemctl start ${REMEDIATOR}`,
    }),
  ];
}

function exporter(unit: Unit | undefined): readonly Trouble[] {
  const check = 'units';
  const why = 'Prometheus is told nothing';
  if (!unit || unit.load === 'not-found')
    return [{ check, what: `${EXPORTER} is not installed`, why, type: 'install the package' }];
  return [
    ...when(unit.active !== 'active' && unit.active !== 'failed', {
      check,
      what: `${EXPORTER} does not run (${unit.active})`,
      why,
      type: `systemctl start ${EXPORTER}`,
    }),
    ...when(unit.file === 'disabled', {
      check,
      what: `${EXPORTER} is not enabled`,
      why: 'it does not start with the host',
      type: `systemctl enable ${EXPORTER}`,
    }),
  ];
}

export function hook(facts: Facts): readonly Trouble[] {
  const check = 'hook';
  const { hook: installed, otherHooks, denials, hooksConfined } = facts;
  if (!installed.ok) return [];
  const ours = installed.value.files.some(({ kind }) => kind === 'ours');
  const original = installed.value.files.some(({ kind, executable }) => kind === 'original' && executable);
  const libvirt = installed.value.libvirt !== undefined;
  const before = "a VM's VLANs are set before its processors run only by a hook that works";
  // Without libvirt there is no more to say than that.
  const about = libvirt && ours ? remarks(installed.value) : [];
  return [
    ...when(libvirt && !ours && !original && otherHooks.length === 0 && !runs(facts, REMEDIATOR), {
      check,
      what: 'neither the hook is installed nor does the remediator run',
      why: 'a VM that starts has only the default PVID',
      type: 'libvirt-vlan-exporter hook install',
    }),
    ...about.map((what) => ({ check, what, why: before, type: 'libvirt-vlan-exporter hook status' })),
    ...(ours ? otherHooks : []).map((path) => ({
      check,
      what: `${path} sets VLANs, too`,
      why: 'two hooks undo each other, in the order of their names',
      type: `chmod -x ${path}`,
    })),
    ...when(ours && denials.length > 0, {
      check: 'confinement',
      what: `the kernel kept libvirt's hook from something, ${denials.length} times since boot: ${denials.at(-1)}`,
      why: before,
      type: "journalctl -b --grep 'DENIED|avc: +denied' _TRANSPORT=kernel + _TRANSPORT=audit",
    }),
    ...when(ours && hooksConfined, {
      check: 'confinement',
      what: 'SELinux confines libvirt hooks',
      why: before,
      type: 'setsebool -P virt_hooks_unconfined on',
    }),
  ];
}

/** libvirt looks for hooks only when it starts and when it reloads. */
export function unaware({ systemd, hook: installed }: Facts): readonly Trouble[] {
  if (!systemd.ok || !installed.ok) return [];
  return unawareDaemons(installed.value, systemd.value.units).map((name) => ({
    check: 'hook',
    what: `${name} has not looked for hooks since this one was installed`,
    why: 'VMs that start now come up without their VLANs',
    type: `systemctl reload ${name}`,
  }));
}

export function journal({ journalProblem }: Facts): readonly Trouble[] {
  return when(journalProblem !== undefined, {
    check: 'journal',
    what: `the journal cannot be read: ${journalProblem}`,
    why: 'errors of the hook are counted from it',
    type: 'journalctl -b -n 1',
  });
}

export function web({ web: settings }: Facts): readonly Trouble[] {
  if (!settings) return [];
  const { file, parsed } = settings;
  const check = 'web';
  if (!parsed.ok)
    return [{ check, what: parsed.error, why: 'the exporter does not start with it', type: `edit ${file}` }];
  if (parsed.value.config.tls) return [];
  const open = parsed.value.config.users.size > 0;
  const why = open ? 'passwords cross the network as they are' : 'whoever listens reads along';
  return [{ check, what: `${file} has no tls_server_config`, why, type: `edit ${file}` }];
}

/** The daemon reads the file only when it is told to; the hook, at each start of a VM. */
export function remediatorPolicy(facts: Facts): readonly Trouble[] {
  const { config, configFile, remediator: view } = facts;
  if (!runs(facts, REMEDIATOR) || view.kind !== 'current' || !config.ok) return [];
  const { policySha256, heldPolicySha256 } = view.status;
  const taken = ['', config.value.policy.sha256].includes(policySha256);
  return when(!taken && heldPolicySha256 !== config.value.policy.sha256, {
    check: 'remediator',
    what: `the remediator heals by another policy than that of ${configFile}`,
    why: 'an edit is in force there only once it is reloaded; the hook goes by it at once',
    type: `systemctl reload ${REMEDIATOR}`,
  });
}

export function remediator(facts: Facts): readonly Trouble[] {
  const check = 'remediator';
  const { remediator: view } = facts;
  if (!runs(facts, REMEDIATOR)) return [];
  if (view.kind !== 'current' && view.kind !== 'stale') return [];
  const { paused, held, heldProblem, waitsForHeal, domains } = view.status;
  const suspended = domains.filter(({ suspendedSince }) => suspendedSince !== undefined);
  return [
    ...when(view.kind === 'stale', {
      check,
      what: "the remediator's next cycle is long overdue",
      why: 'nothing is healed meanwhile',
      type: `journalctl -u ${REMEDIATOR} -n 20`,
    }),
    ...when(paused, {
      check,
      what: 'the remediator is paused',
      why: 'nothing is healed',
      type: `rm ${PAUSE_FILE}`,
    }),
    ...when(isHolding(view.status), {
      check,
      what: `${held.length > 0 ? `${count(held.length, 'vnet')} held` : 'a policy is held'}: ${heldProblem ?? HELD}`,
      why: 'what it would move stays as it is',
      // Where it only waits for what cannot be read, there is nothing to agree to yet.
      type: waitsForHeal === false ? 'libvirt-vlan-exporter check' : 'libvirt-vlan-exporter plan, then heal',
    }),
    ...suspended.map(({ domain, suspendedBecause }) => ({
      check,
      what: `healing of ${domain} is suspended`,
      why:
        suspendedBecause === 'failing' ? 'its heals fail' : 'somebody or something changes its VLANs again and again',
      type: `libvirt-vlan-exporter check ${shellArgument(domain)}`,
    })),
  ];
}
