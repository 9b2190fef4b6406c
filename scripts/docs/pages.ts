import { configurationPage } from './configuration'
import { costPage } from './cost'
import { errorCodesPage } from './error-codes'
import { httpApiPage } from './http-api'
import { jobStatusPage } from './job-status'
import { metricsPage } from './metrics'
import { openApi } from './openapi/document'

/** All that is generated, by its path from the root of the repository. */
export const GENERATED_PAGES: Readonly<Record<string, () => string>> = {
  'docs/reference/configuration.md': configurationPage,
  'docs/reference/cost.md': costPage,
  'docs/reference/error-codes.md': errorCodesPage,
  'docs/reference/http-api.md': httpApiPage,
  'docs/reference/job-status.md': jobStatusPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/openapi.json': () => `${JSON.stringify(openApi(), null, 2)}\n`,
}
