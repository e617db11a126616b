// npm scripts run on the Node of node_modules (the `node` dev dependency). With `--ignore-scripts` its binary is never
// fetched, and they would run on whatever Node the machine has, silently.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `Lamplighter's tests need Node 24, this is ${process.versions.node}. Run "npm ci" (without --ignore-scripts): it brings Node 24 along.`,
  );
  process.exit(1);
}
