// The public viewer: one shared base map, its layers, and what lies where.

import 'maplibre-gl/dist/maplibre-gl.css';
import '../../ui/tokens.css';
import '../../ui/controls.css';
import './viewer.css';
import { render } from 'preact';
import { App } from './App';

const root = document.getElementById('app');
if (root) render(<App />, root);
