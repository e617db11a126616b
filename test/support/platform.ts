/** For tests of what not every system has: the title ends with what is missing, which the summary of `npm test` repeats. */
export const isLinux = process.platform === 'linux';
export const unlessLinux = isLinux ? '' : ' (skipped: only Linux has what it looks at)';

export const isWindows = process.platform === 'win32';
export const unlessPosix = isWindows ? ' (skipped: Windows has no such files and processes)' : '';
