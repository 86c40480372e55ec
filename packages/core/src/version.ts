/** The program's version, which results and what is kept between runs carry. */
export const VERSION = "0.1.0";
