const { paths } = require('./tsconfig.json').compilerOptions

/** @type {import('jest').Config} */
// What the SDK advises for its later versions concerns the project, not each run of the tests.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // By default a core stays idle. Many tests wait, so on two cores that is half of the time.
  maxWorkers: '100%',
  // What is imported by the name of the package, as the compiler finds it.
  moduleNameMapper: Object.fromEntries(
    Object.entries(paths).map(([name, [file]]) => [`^${name}$`, file.replace('./', '<rootDir>/')]),
  ),
  transform: { '^.+\\.tsx?$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } }] },
}
