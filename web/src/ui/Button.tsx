// A button with an icon. Its label is always there: as text, or as name and tooltip when only the icon is seen.

import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './Icon';

interface Props {
  icon: IconName;
  label: string;
  onClick: () => void;
  text?: ComponentChildren;
  pressed?: boolean;
  disabled?: boolean;
  class?: string;
  id?: string;
}

export function Button({ icon, label, onClick, text, pressed, disabled, class: more, id }: Props) {
  return (
    <button
      type="button"
      id={id}
      class={`button ${text ? '' : 'button-bare'} ${more ?? ''}`}
      title={label}
      aria-label={text ? undefined : label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
      {text && <span>{text}</span>}
    </button>
  );
}
