const QUOTED_INPUT = /(Unexpected [^,]*, )?(\.\.\.)?"[\s\S]*"(\.\.\.)? is not valid JSON/g

/** What an error says, for a log: without what `JSON.parse` quotes of its input, which may be an event. */
export const errorText = (error: unknown): string => String(error).replace(QUOTED_INPUT, 'the input is not valid JSON')
