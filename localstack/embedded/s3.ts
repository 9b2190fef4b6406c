import { createHash } from 'node:crypto'
import type { WireRequest, WireResponse, WireService } from './wire'
import { element, XML_DECLARATION } from './xml'

/** Deployment packages of a handful of functions; the embedded cloud keeps them in memory. */
const MAX_STORED_BYTES = 256 * 1024 * 1024

export interface ObjectStore {
  /** Wire protocol: CreateBucket, HeadBucket, PutObject, GetObject, in path style (`/bucket/key`). */
  readonly service: WireService
  createBucket(bucket: string): void
  deleteBucket(bucket: string): void
  get(bucket: string, key: string): Buffer | undefined
}

/** The few verbs of S3 that a deployment needs. */
export function createObjectStore(): ObjectStore {
  const buckets = new Map<string, Map<string, Buffer>>()
  const storedBytes = () => [...buckets.values()].flatMap((objects) => [...objects.values()]).reduce(sumBytes, 0)

  function onBucket(method: string, bucket: string): WireResponse {
    if (method === 'PUT') {
      if (!buckets.has(bucket)) buckets.set(bucket, new Map())
      return { status: 200, headers: { location: `/${bucket}` }, body: '' }
    }
    if (method === 'HEAD') return { status: buckets.has(bucket) ? 200 : 404, body: '' }
    return s3Error(501, 'NotImplemented', `${method} on a bucket is not part of the embedded cloud`)
  }

  function onObject({ method, body }: WireRequest, bucket: string, key: string): WireResponse {
    const objects = buckets.get(bucket)
    if (objects === undefined) return s3Error(404, 'NoSuchBucket', `The bucket ${bucket} does not exist`)
    if (method === 'PUT') {
      if (storedBytes() + body.length > MAX_STORED_BYTES) {
        return s3Error(507, 'InsufficientStorage', `The embedded cloud stores at most ${MAX_STORED_BYTES} bytes`)
      }
      objects.set(key, body)
      return { status: 200, headers: { etag: etag(body) }, body: '' }
    }
    if (method !== 'GET')
      return s3Error(501, 'NotImplemented', `${method} on an object is not part of the embedded cloud`)
    const object = objects.get(key)
    if (object === undefined) return s3Error(404, 'NoSuchKey', `The key ${key} does not exist`)
    return { status: 200, headers: { etag: etag(object) }, body: object }
  }

  return {
    service: async (request) => {
      const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(request.path) ?? []
      return key === '' ? onBucket(request.method, bucket) : onObject(request, bucket, decodeURIComponent(key))
    },
    createBucket: (bucket) => void onBucket('PUT', bucket),
    deleteBucket: (bucket) => void buckets.delete(bucket),
    get: (bucket, key) => buckets.get(bucket)?.get(key),
  }
}

const sumBytes = (bytes: number, object: Buffer): number => bytes + object.length

const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`

function s3Error(status: number, code: string, message: string): WireResponse {
  const error = element('Error', [
    ['Code', code],
    ['Message', message],
  ])
  return { status, headers: { 'content-type': 'application/xml' }, body: XML_DECLARATION + error }
}
