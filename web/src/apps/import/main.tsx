// The import page: a delivery dropped in, recognised, checked, committed.

import 'maplibre-gl/dist/maplibre-gl.css';
import '../../ui/tokens.css';
import '../../ui/controls.css';
import './import.css';
import { render } from 'preact';
import { App } from './App';

const root = document.getElementById('app');
if (root) render(<App />, root);
