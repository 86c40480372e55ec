/** The version that results carry. */
export const VERSION = "0.1.0";
