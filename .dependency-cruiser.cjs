const { join } = require('node:path')

/**
 * Which room may import which: `flink` -> `edge-node`, `handlers` -> `cloud` -> `core`, and `pipelines` -> `core`;
 * `dashboard` is a page and knows only what it is told. Inside a house the floors below run one way, too.
 */

const PRODUCT = ['core', 'testing', 'client', 'cloud', 'program', 'edge-node', 'flink', 'handlers', 'pipelines']
const TOOLS = ['localstack', 'scripts', 'lab', 'test']
/** The rooms inside a house from the ground up: each imports those before it, and none after it. */
const FLOORS = {
  core: ['pipeline', 'aggregates', 'protocol', 'control'],
  'edge-node': [
    ...['config', 'observe', 'disk', 'results', 'dead-letters', 'log', 'ingest', 'closing', 'burst', 'fold', 'control'],
    ...['node', 'http', 'inspection'],
  ],
  flink: ['rest', 'sidecar', 'controller'],
  scripts: [
    ...[
      'command-line',
      'processes',
      'verify',
      'kafka',
      'load',
      'start',
      'plots',
      'simulate',
      'advise',
      'chaos',
      'replay',
    ],
    ...['check-data', 'package', 'flink'],
  ],
}
const READING = '^test/admission/(reading|json-text|outcome)\\.ts$'

/** Modules of these rooms. */
const rooms = (...names) => `^(${names.join('|')})/`
/** Packages, as they are found in node_modules or, when not installed, as they are asked for. */
const packages = (...names) => `(^|node_modules/)(${names.join('|')})`

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** A room whose imports from the other rooms are the given ones. */
const importsOf = (room, ...allowed) =>
  rule(
    `${room}-imports`,
    `${room} imports ${allowed.join(', ') || 'itself'} and none of the other rooms`,
    { path: rooms(room) },
    { path: rooms(...[...PRODUCT, ...TOOLS].filter((other) => other !== room && !allowed.includes(other))) },
  )

/** A room whose imports from the rooms of its own house are those below it. */
const floorsOf = (house) =>
  FLOORS[house]
    .slice(0, -1)
    .map((room, index) =>
      rule(
        `floors-of-${house}`,
        `${house}/${room} imports no room above it`,
        { path: `^${house}/${room}/` },
        { path: rooms(...FLOORS[house].slice(index + 1).map((above) => `${house}/${above}`)) },
      ),
    )

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    rule(
      'core-imports',
      'core imports core, and the types of Standard Schema: no Node, no packages, no other room',
      { path: rooms('core') },
      { pathNot: [rooms('core'), packages('@standard-schema/spec')] },
    ),
    importsOf('testing', 'core'),
    importsOf('client', 'core'),
    rule(
      'client-runs-in-browsers',
      'the client knows no Node and no packages',
      { path: rooms('client') },
      { pathNot: rooms(...PRODUCT) },
    ),
    importsOf('cloud', 'core'),
    importsOf('pipelines', 'core'),
    importsOf('handlers', 'cloud', 'core', 'pipelines'),
    importsOf('program', 'core'),
    importsOf('edge-node', 'program', 'cloud', 'core'),
    importsOf('flink', 'edge-node', 'program', 'cloud', 'core'),
    ...Object.keys(FLOORS).flatMap(floorsOf),
    rule(
      'users-commands-know-no-laboratory',
      'what users run knows nothing of benchmarks, generated pages and tests',
      { path: rooms('scripts') },
      { path: rooms('lab', 'test') },
    ),
    rule(
      'localstack-imports',
      'the local clouds import no other room, but how the command line reads its arguments',
      { path: rooms('localstack') },
      {
        path: rooms(...PRODUCT, ...TOOLS.filter((room) => room !== 'localstack')),
        pathNot: '^(scripts/command-line|program)/',
      },
    ),
    rule(
      'command-line-imports',
      'how arguments are read is the same for whatever is asked for',
      { path: '^scripts/command-line/' },
      { path: rooms(...PRODUCT, ...TOOLS), pathNot: '^(scripts/command-line|program)/' },
    ),
    rule(
      'dashboard-imports',
      "dashboard runs in a browser: it imports itself, its plots, and the types of the edge node's feed",
      { path: '^dashboard/src/' },
      { pathNot: ['^dashboard/src/', '^edge-node/observe/feed\\.ts$', packages('uplot')] },
    ),
    rule(
      'dashboard-is-a-page',
      'nothing but its tests imports what runs in the browser',
      { pathNot: ['^dashboard/src/', rooms('test')] },
      { path: '^dashboard/src/' },
    ),
    rule(
      'dashboard-is-built',
      'what builds the dashboard knows no room',
      { path: '^dashboard/[^/]+$' },
      { path: rooms(...PRODUCT, ...TOOLS) },
    ),
    rule(
      'feed-is-for-browsers',
      'the types of the feed are for the browser too, and import nothing',
      { path: '^edge-node/observe/feed\\.ts$' },
      { path: '.' },
    ),
    rule(
      'only-cloud-knows-aws',
      'of the product rooms, only cloud imports the AWS SDK',
      { path: rooms(...PRODUCT.filter((room) => room !== 'cloud')) },
      { path: packages('@aws-sdk/', '@smithy/') },
    ),
    rule(
      'the-checker-is-independent',
      'scripts/verify shares no code with what it checks',
      { path: '^scripts/verify/' },
      { path: rooms(...PRODUCT) },
    ),
    rule(
      'the-reading-is-independent',
      'the reading of the documentation shares no code with the admission that it is compared with',
      { path: READING },
      { pathNot: [READING, '^scripts/verify/'] },
    ),
    rule(
      'no-cycles',
      'no module imports itself by way of others, types included; tests may name the types of their fixtures',
      { pathNot: rooms('test') },
      { circular: true },
    ),
    rule(
      'no-guesses',
      'an import that cannot be resolved would escape every other rule',
      {},
      // @types/aws-lambda describes the events of Lambda; there is no package behind it.
      { couldNotResolve: true, pathNot: '^aws-lambda$' },
    ),
  ],
  options: {
    webpackConfig: { fileName: join(__dirname, '.dependency-cruiser-aliases.cjs') }, // the only form of aliases it knows
    parser: 'swc', // the compiler's own parser needs a JavaScript API that TypeScript 7 has not
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.cjs', '.js', '.json', '.d.ts', '.d.cts'] },
  },
}
