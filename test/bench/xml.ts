// Live XML of libvirt: milliseconds of processor time for 1,000 files of 10 kB, beside the parser alone on the same text, which is what each
// reader of the whole document would have to spend.
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { parseDomainXml } from '../../src/host/linux/domain-xml.ts';
import { XML_OPTIONS } from '../../src/host/linux/xml-node.ts';
import { liveXml } from '../../src/host/sim/vm.ts';
import { type Figure, median, ms } from './figures.ts';

const FILES = 1_000;
const SIZE = 10_000;
const ROUNDS = 7;

export function benchXml(): readonly Figure[] {
  const texts = Array.from({ length: FILES }, (_, i) => liveXmlOf(i));
  const parser = new XMLParser({ ...XML_OPTIONS, trimValues: false });
  const ours: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(spent(() => texts.forEach((text) => void parseDomainXml(text))));
    alone.push(
      spent(() =>
        texts.forEach((text) => {
          if (XMLValidator.validate(text) !== true) throw new Error('the XML of the bench is broken');
          parser.parse(text);
        }),
      ),
    );
  }
  const ratio = median(ours) / median(alone);
  return [
    {
      what: 'parse of 1,000 live XMLs of 10 kB, beside the parser alone',
      measured: `${ms(median(ours))}, ${ratio.toFixed(2)} x`,
      target: '<= 1 x',
      met: ratio <= 1,
    },
  ];
}

function spent(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** With disks, controllers and the like before the end, as many as make it 10 kB. */
function liveXmlOf(n: number): string {
  const mac = `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`;
  const vm = { name: `vm-${n}`, uuid: `00000000-0000-4000-8000-${`${n}`.padStart(12, '0')}` };
  const text = liveXml({ ...vm, interfaces: [{ mac, bridge: 'br0' }] }, 1, [`vnet${n}`]);
  const disk = (i: number) => `    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
      <source file='/var/lib/libvirt/images/vm-${n}-${i}.qcow2' index='${i}'/>
      <target dev='vd${String.fromCharCode(97 + (i % 26))}' bus='virtio'/>
      <alias name='virtio-disk${i}'/>
      <address type='pci' domain='0x0000' bus='0x0${i % 10}' slot='0x00' function='0x0'/>
    </disk>
`;
  let disks = '';
  for (let i = 0; text.length + disks.length < SIZE; i += 1) disks += disk(i);
  return text.replace('</devices>', `${disks}  </devices>`);
}
