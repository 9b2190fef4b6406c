declare module 'fs-native-extensions' {
  /**
   * Locks the file of an open descriptor; false while another descriptor holds it. Throws what the system says
   * otherwise.
   */
  export function tryLock(fd: number, options?: { readonly shared?: boolean }): boolean
}
