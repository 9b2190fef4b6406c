/** Hash of a pipeline's bundle, 12 hexadecimal digits. Throws esbuild's error when the file does not compile. */
export declare function versionOf(file: string): string

/** A file of the folder `pipelines`, and the name that a pipeline in it has. */
export interface PipelineFile {
  readonly name: string
  readonly file: string
}

/** Files of a folder that may hold a pipeline. */
export declare function filesIn(folder: string): PipelineFile[]

/** The pipelines of a project: each file in its folder `pipelines` with a default export. */
export declare function pipelinesOf(projectFolder: string): PipelineFile[]

/** `name:version` for each pipeline of the project in the working directory, with commas between. */
export declare function versions(): Promise<string>

/** Of this project in the repository, and of the installed package. */
export declare const ROOT: string

/** Settings of esbuild that all bundles share. */
export declare const SETTINGS: {
  readonly bundle: true
  readonly platform: 'node'
  readonly target: string
  readonly write: false
  readonly logLevel: 'silent'
}

/** What the import of `spillway` in a pipeline means. */
export declare const ALIAS: Record<string, string>
