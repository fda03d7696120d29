// One audit, without a daemon: what `metrics` tells.
import type { Settings } from '../config/settings.ts';
import type { Host } from '../host/host.ts';
import { readHookOnce } from '../host/linux/journal.ts';
import { createStatusReader } from '../host/remediator-status.ts';
import { readSnapshot } from '../host/snapshot.ts';
import { SILENT } from '../model/log.ts';
import type { Report } from '../model/report.ts';
import { evaluate } from '../policy/evaluate.ts';
import { createAuditBook } from './audits.ts';
import type { Audited } from './metric-inputs.ts';
import { statesOf } from './state.ts';

/** Reads the host and judges it. The journal is not known after `journalWaitMs`. */
export async function auditOnce(
  host: Host,
  settings: Settings,
  journalWaitMs: number,
): Promise<Audited & { readonly report: Report }> {
  // The journal is another process' work: it goes on while the host is read.
  const hook = readHookOnce(host, settings.hook.identifiers, journalWaitMs);
  // What cannot be read is in the result.
  const book = createAuditBook(SILENT);
  const record = book.begin('startup', host.now());
  const snapshot = await readSnapshot(host, settings.policy);
  const report = evaluate(snapshot, settings.policy);
  record.end(snapshot, report, true);
  return {
    settings,
    report,
    domains: snapshot.domains.ok ? snapshot.domains.value.map(({ name }) => name) : [],
    domainStates: snapshot.domains.ok ? statesOf(snapshot.domains.value) : undefined,
    audits: book.state(),
    kernelInterface: host.bridges.via(),
    hook: await hook,
    remediator: createStatusReader(host)(),
  };
}
