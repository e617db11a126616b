#!/usr/bin/env node
// An older Node ends in the middle of its own imports, with a stack and no advice. Any Node can read this file.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Lamplighter needs Node 22.18 or newer, this is ${process.versions.node}: https://nodejs.org/en/download`,
  );
  process.exitCode = 1;
} else {
  await import('./main.js');
}
