// /metrics as bytes that are ready to be sent: a section is rendered and compressed when what it is made of changes; only the
// exporter's metrics about itself are made at the scrape. Text is put together by appending; gzip too, as one member: deflate
// streams that end with a flush can be appended (RFC 1951, 3.2.4), and CRC-32 goes on from part to part (RFC 1952).
// Several members would be simpler, but curl and browsers read only the first.
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw, deflateRawSync } from 'node:zlib';
import { createHookSeries } from '../exporter/hook-series.ts';
import type { Inputs } from '../exporter/metric-inputs.ts';
import { letOthersIn } from '../model/slices.ts';
import type { Family } from '../report/metrics/family.ts';
import type { HookInputs } from '../report/metrics/hook.ts';
import type { RemediatorInputs } from '../report/metrics/remediator.ts';
import type { SelfInputs } from '../report/metrics/self.ts';
import type { ReportInputs } from '../report/metrics/vnets.ts';
import { renderMetrics, SECTIONS } from '../report/metrics.ts';

export interface Exposition {
  /** Renders what has changed since the last call, which must have ended; until that is done, scrapes get what was. */
  refresh(inputs: Inputs): Promise<void>;
  /** The parts of the body, in order. */
  scrape(self: SelfInputs, gzip: boolean): Promise<readonly Buffer[]>;
}

interface Section {
  readonly text: Buffer;
  /** Raw deflate without an end. */
  readonly deflated: Buffer;
}

const compress = promisify(deflateRaw);
// The text repeats itself so much that higher levels take twice the time for 4 % less.
const LEVEL = 1;
const EMPTY: Section = { text: Buffer.alloc(0), deflated: Buffer.alloc(0) };
// RFC 1952: magic, deflate, no flags, no time, unknown system.
const GZIP_HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

export function createExposition(): Exposition {
  const report = createSection<ReportInputs>(
    SECTIONS.report,
    ({ report: { bridges, unknowns }, maxVlanSeriesPerVnet: max }) => [
      // The time of a report is in no metric of its section.
      bridges,
      unknowns,
      max,
    ],
  );
  const hook = createSection<HookInputs>(SECTIONS.hook, ({ domains, stats, installed }) => [domains, stats, installed]);
  const remediator = createSection<RemediatorInputs>(
    SECTIONS.remediator,
    ({ report: { bridges }, remediator: view }) => [bridges, view.kind, 'status' in view && view.status],
  );
  const hookSeries = createHookSeries();
  let sections: readonly [Section, Section, Section] = [EMPTY, EMPTY, EMPTY];
  let firstCrc = 0;

  return {
    refresh: async ({ report: r, hook: h, remediator: m }) => {
      const fresh = [await report(r), await hook(h && hookSeries(h)), await remediator(m)] as const;
      // The first has nearly all the bytes.
      if (fresh[0] !== sections[0]) firstCrc = crc32(fresh[0].text);
      sections = fresh;
    },
    scrape: async (inputs, gzip) => {
      const self = Buffer.from(await renderMetrics(SECTIONS.self, inputs));
      const texts = [...sections.map(({ text }) => text), self];
      if (!gzip) return texts;
      const [first, ...rest] = texts;
      const crc = rest.reduce(continueCrc, firstCrc);
      const trailer = Buffer.alloc(8);
      trailer.writeUInt32LE(crc, 0);
      trailer.writeUInt32LE(rest.reduce((sum, text) => sum + text.length, first?.length ?? 0) >>> 0, 4);
      return [
        GZIP_HEADER,
        ...sections.map(({ deflated }) => deflated),
        deflateRawSync(self, { level: LEVEL }),
        trailer,
      ];
    },
  };
}

// zlib takes an empty buffer for the wish for a fresh start.
function continueCrc(sum: number, text: Buffer): number {
  return text.length === 0 ? sum : crc32(text, sum);
}

/** A section that is rendered again only where something else is `madeOf` its inputs. */
function createSection<I>(families: readonly Family<I>[], partsOf: (inputs: I) => readonly unknown[]) {
  let last: { readonly parts: readonly unknown[]; readonly section: Section } | undefined;
  return async (inputs: I | undefined): Promise<Section> => {
    if (inputs === undefined) return EMPTY;
    const parts = partsOf(inputs);
    if (last?.parts.every((part, i) => part === parts[i])) return last.section;
    const text = Buffer.from(await renderMetrics(families, inputs, letOthersIn));
    const deflated = await compress(text, { level: LEVEL, finishFlush: constants.Z_SYNC_FLUSH });
    last = { parts, section: { text, deflated } };
    return last.section;
  };
}
