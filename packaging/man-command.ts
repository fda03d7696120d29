// libvirt-vlan-exporter(1), from what src/cli declares. Pure.
import { type DeclaredCommand, type DeclaredOption, leaves } from './declared.ts';
import { bold, escaped, heading, item, text, title } from './roff.ts';

interface Edition {
  readonly version: string;
  /** As 2026-11-25. */
  readonly date: string;
}

/** The page's source, for man(1). */
export function renderCommandPage(program: DeclaredCommand, { version, date }: Edition): string {
  return [
    title('libvirt-vlan-exporter', 1, date, version),
    heading('Name'),
    'libvirt\\-vlan\\-exporter \\- watches and mends the VLANs of libvirt VMs on Linux bridges',
    heading('Synopsis'),
    ...leaves(program).map((command) => `.br\n${synopsis(command)}`),
    heading('Description'),
    text(program.description),
    '.PP',
    text(
      'It reads the kernel, the files of libvirt and the journal, and never calls libvirt. Only heal, remediate and the hook change\n' +
        'anything, and only the VLANs and FDB entries of ports that are matched beyond doubt to an interface of a running VM.',
    ),
    heading('Commands'),
    ...program.commands.flatMap(describe),
    heading('Files'),
    item(
      bold('/etc/libvirt-vlan-exporter/config.yml'),
      'The policy and the settings, see libvirt-vlan-exporter-config(5).',
    ),
    item(bold('/etc/default/libvirt-vlan-exporter'), 'ARGS: the options of the exporter as a service.'),
    item(
      bold('/etc/default/libvirt-vlan-remediator'),
      'ARGS: the options of the remediator as a service, as --dry-run. Not there by itself.',
    ),
    item(bold('/run/libvirt-vlan-remediator/pause'), 'While this file is there, the remediator changes nothing.'),
    item(bold('/run/libvirt-vlan-remediator/status.json'), 'What the remediator did; the exporter shows it.'),
    item(bold('/var/lib/libvirt-vlan-remediator'), 'The accepted policy and the counters of the guard.'),
    heading('See also'),
    text(
      'libvirt-vlan-exporter-config(5), bridge(8), virsh(1), journalctl(1), /usr/share/doc/libvirt-vlan-exporter/README.md.gz',
    ),
    '',
  ].join('\n');
}

function describe(command: DeclaredCommand): readonly string[] {
  const isGroup = command.commands.length > 0;
  // Of commands that only have others below them there is a section where there is more to say than --help lists.
  const own = isGroup ? (command.after ? headOf(command) : []) : [...headOf(command), ...callOf(command)];
  return [...own, ...(command.after ? ['.PP', text(command.after)] : []), ...command.commands.flatMap(describe)];
}

function headOf(command: DeclaredCommand): readonly string[] {
  return [
    `.SS ${escaped(command.path.join(' '))}`,
    ...(command.commands.length > 0 ? [] : [synopsis(command), '.PP']),
    text(sentence(command.description)),
  ];
}

function callOf(command: DeclaredCommand): readonly string[] {
  const options = command.options.filter((option) => option.name !== '--help');
  return [
    ...command.arguments.map((argument) => item(italic(argument.name), sentence(argument.description))),
    ...options.map(optionItem),
  ];
}

function optionItem(option: DeclaredOption): string {
  const choices = option.choices.length > 0 ? ` One of ${option.choices.join(', ')}.` : '';
  const preset = option.preset === undefined ? '' : ` Preset: ${option.preset}.`;
  return item(optionTerm(option), `${sentence(option.description)}${choices}${preset}`);
}

function optionTerm({ name, value }: DeclaredOption): string {
  return value === undefined ? bold(name) : `${bold(name)}=${italic(value)}`;
}

function synopsis(command: DeclaredCommand): string {
  const words = command.arguments.map(({ name, required, variadic }) => {
    const word = `${italic(name)}${variadic ? ' ...' : ''}`;
    return required ? word : `[${word}]`;
  });
  const options = command.options.length > 1 ? ['[options]'] : [];
  return [bold(['libvirt-vlan-exporter', ...command.path].join(' ')), ...options, ...words].join(' ');
}

function italic(words: string): string {
  return `\\fI${escaped(words)}\\fR`;
}

// Descriptions are written for --help: without a capital and a full stop.
function sentence(words: string): string {
  const begin = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(begin) ? begin : `${begin}.`;
}
