import helmet from '@fastify/helmet'
import fastify from 'fastify'

/** Scripts and styles from this node alone, nothing inline, nothing from elsewhere, and in nobody's frame. */
const CONTENT_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
}

const OF_ONE_ANSWER = ['content-type', 'content-length', 'date', 'connection']

/**
 * The headers that tell a browser what not to do. They are the same for every answer, so helmet is asked once and not
 * by each request. Without HSTS: browsers remember it for a name with all its ports, localhost too, and a node with TLS
 * listens to nothing else anyway.
 */
export async function pageHeaders(): Promise<readonly (readonly [string, string])[]> {
  const app = fastify()
  const frameguard = { action: 'deny' } as const
  await app.register(helmet, { contentSecurityPolicy: CONTENT_POLICY, strictTransportSecurity: false, frameguard })
  app.get('/', async () => '')
  const { headers } = await app.inject('/')
  await app.close()
  return Object.entries(headers).flatMap(([name, value]) =>
    OF_ONE_ANSWER.includes(name) ? [] : [[name, String(value)]],
  )
}
