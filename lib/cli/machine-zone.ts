/** The zone this machine is set to; UTC where it names none that exists (`TZ=` and `TZ=Foo/Bar` give such answers). */
export function machineZone(given: string | undefined): string {
  if (given === undefined || given === '') return 'UTC';
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: given }).resolvedOptions().timeZone;
  } catch {
    return 'UTC';
  }
}
