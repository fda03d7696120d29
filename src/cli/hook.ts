// `hook install|uninstall|status`. libvirt's own call of the hook does not come here, see src/main.ts.
import type { Command } from '@commander-js/extra-typings';
import { register as registerInstall } from './hook/install.ts';
import { register as registerStatus } from './hook/status.ts';
import { register as registerUninstall } from './hook/uninstall.ts';

export function register(program: Command): void {
  const hook = program
    .command('hook')
    .description("libvirt's hook: sets the VLANs of a VM's ports when it starts, and when libvirtd restarts")
    .addHelpText(
      'after',
      '\nlibvirt itself calls "hook GUEST OPERATION SUBOPERATION EXTRA" with the domain XML on stdin; exit status 0,\n' +
        'or 1 at "start" where something failed and the config says fail_closed.',
    );
  registerInstall(hook);
  registerUninstall(hook);
  registerStatus(hook);
}
