/** Hash of the pipelines' bundle, 12 hexadecimal digits. Throws esbuild's error when a pipeline does not compile. */
export declare function pipelineVersion(): string
