// Line icons on a 20-pixel grid, drawn for this project. The text beside or the label of the button names them.

const PATHS = {
  eye: 'M1.8 10S4.8 4.8 10 4.8 18.2 10 18.2 10 15.2 15.2 10 15.2 1.8 10 1.8 10zM10 7.6a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8',
  eyeOff: 'M3 3l14 14M8.1 5A8 8 0 0 1 10 4.8c5.2 0 8.2 5.2 8.2 5.2a15 15 0 0 1-2.4 2.9M5.6 6.3A14 14 0 0 0 1.8 10s3 5.2 8.2 5.2c1.5 0 2.8-.4 4-1',
  part: 'M1.8 10S4.8 4.8 10 4.8 18.2 10 18.2 10 15.2 15.2 10 15.2 1.8 10 1.8 10zM7.5 10h5',
  chevron: 'M7.5 5l5 5-5 5',
  layers: 'M10 3l7.5 4L10 11 2.5 7zM3 10.5l7 3.7 7-3.7M3 13.8l7 3.7 7-3.7',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  home: 'M3 8V3.5h4.5M12.5 3.5H17V8M17 12v4.5h-4.5M7.5 16.5H3V12',
  sun: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7M10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M15.8 4.2l-1.4 1.4M5.6 14.4l-1.4 1.4',
  moon: 'M16.5 12.2A7 7 0 1 1 8 3.4a5.6 5.6 0 0 0 8.5 8.8z',
  print: 'M5.5 7.5V2.8h9v4.7M5.5 14H3V7.5h14V14h-2.5M5.5 11.5h9v5.7h-9z',
  link: 'M8.3 11.7a3.2 3.2 0 0 0 4.6 0l3-3a3.2 3.2 0 1 0-4.6-4.6l-1.1 1.1M11.7 8.3a3.2 3.2 0 0 0-4.6 0l-3 3a3.2 3.2 0 1 0 4.6 4.6l1.1-1.1',
  help: 'M7.3 7.4a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2.9-1.2 1.8M10 14.6v.2M10 2.2a7.8 7.8 0 1 0 0 15.6 7.8 7.8 0 0 0 0-15.6',
  check: 'M4 10.8l4 4 8-9.6',
  close: 'M5 5l10 10M15 5L5 15',
  search: 'M8.8 3.3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M12.8 12.8l4.2 4.2',
  target: 'M10 5.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6M10 1.8v3.4M10 14.8v3.4M1.8 10h3.4M14.8 10h3.4',
  panel: 'M3 4h14v12H3zM8 4v12',
  copy: 'M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4',
  alert: 'M10 3.2l7.6 13.3H2.4zM10 8.2v4M10 14.2v.2',
  lock: 'M5 9.2h10v7.3H5zM7 9.2V6.6a3 3 0 0 1 6 0v2.6',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
