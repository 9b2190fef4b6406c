const { join } = require('node:path')
const { paths } = require('./tsconfig.json').compilerOptions

/** What is imported by the name of the package, as the compiler finds it. The file has the form that webpack has. */
const alias = Object.fromEntries(Object.entries(paths).map(([name, [file]]) => [`${name}$`, join(__dirname, file)]))

module.exports = { resolve: { alias } }
