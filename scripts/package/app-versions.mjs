import { LIBRARY, ROOT, readManifest } from './paths.mjs';

/**
 * What an application with the library depends on: the library's peers, and what a Nest application has anyway. The versions
 * are those that the repository is tested with or, with `lowestPeers`, the lowest that the library says it can live with.
 */
export function appVersions({ tarball, lowestPeers }) {
  const { name, peerDependencies } = readManifest(LIBRARY);
  const { dependencies: tested, devDependencies: tools } = readManifest(ROOT);
  const versionOf = (peer) => (lowestPeers ? lowestOf(peer, peerDependencies[peer]) : exact(peer, tested[peer]));
  const peers = Object.fromEntries(Object.keys(peerDependencies).map((peer) => [peer, versionOf(peer)]));
  return {
    dependencies: {
      [name]: `file:${tarball}`,
      ...peers,
      // Nest releases it with its core.
      '@nestjs/platform-express': peers['@nestjs/core'],
    },
    devDependencies: { typescript: tools.typescript, '@types/node': tools['@types/node'] },
  };
}

function exact(name, version) {
  if (version === undefined)
    throw new Error(`${name} is a peer of the library, but no dependency in the root package.json`);
  return version;
}

function lowestOf(name, range) {
  const version = /^\^(\d+\.\d+\.\d+)$/.exec(range)?.[1];
  if (version === undefined)
    throw new Error(`The range of the peer ${name} is ${range}; the lowest of ^x.y.z only is known`);
  return version;
}
