/** The zone this machine is set to; UTC where it names none that exists (`TZ=` and `TZ=Foo/Bar` give such answers). */
export function machineZone(given: string | undefined): string {
  if (given === undefined || given === '') return 'UTC';
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: given });
    return given;
  } catch {
    return 'UTC';
  }
}
