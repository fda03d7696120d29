// How the kernel is asked about its bridges.
export const KERNEL_INTERFACES = ['netlink', 'iproute2'] as const;
export type KernelInterface = (typeof KERNEL_INTERFACES)[number];
