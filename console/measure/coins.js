/*
 * Things of known diameter, in millimetres. Coins: the mints' own specifications (European Central
 * Bank, US Mint, Royal Mint, Swissmint, Japan Mint). The disc: ECMA-130. Balls: the rules of golf
 * (1.68 inches at least) and of the ITTF.
 */
export const THINGS = [
  [
    'euro',
    [
      ['1 c', 16.25],
      ['2 c', 18.75],
      ['5 c', 21.25],
      ['10 c', 19.75],
      ['20 c', 22.25],
      ['50 c', 24.25],
      ['1 €', 23.25],
      ['2 €', 25.75],
    ],
  ],
  [
    'dollar',
    [
      ['1 ¢', 19.05],
      ['5 ¢', 21.21],
      ['10 ¢', 17.91],
      ['25 ¢', 24.26],
      ['1 $', 26.49],
    ],
  ],
  [
    'pound',
    [
      ['1 p', 20.3],
      ['2 p', 25.9],
      ['5 p', 18],
      ['10 p', 24.5],
      ['2 £', 28.4],
    ],
  ],
  [
    'franc',
    [
      ['5 Rp.', 17.15],
      ['10 Rp.', 19.15],
      ['20 Rp.', 21.05],
      ['½ Fr.', 18.2],
      ['1 Fr.', 23.2],
      ['2 Fr.', 27.4],
      ['5 Fr.', 31.45],
    ],
  ],
  [
    'yen',
    [
      ['1 ¥', 20],
      ['5 ¥', 22],
      ['10 ¥', 23.5],
      ['50 ¥', 21],
      ['100 ¥', 22.6],
      ['500 ¥', 26.5],
    ],
  ],
  [
    'other',
    [
      ['CD', 120],
      ['Golf ball', 42.67],
      ['Table tennis ball', 40],
    ],
  ],
];
