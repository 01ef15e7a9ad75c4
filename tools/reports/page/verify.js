// SPDX-License-Identifier: Apache-2.0
'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const svgSpace = 'http://www.w3.org/2000/svg';
  const batch = 50;
  let shown = 0, matching = [];
  const order = ['error', 'warning', 'info'];
  data.findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));

  // Names and messages only ever become text: what a file is called cannot become markup.
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children.filter(child => child !== null));
    return node;
  }
  const number = n => n.toLocaleString('en');

  function showHead() {
    const {dataset, tool} = data.head;
    $('about').textContent = [dataset.config || 'no data.yaml', `task ${dataset.task}`,
      `${number(dataset.names.length)} class names`, dataset.digest, `${tool.name} ${tool.version}`].filter(Boolean).join(' · ');
    const cards = [['errors', 'error'], ['warnings', 'warning'], ['infos', 'info'], ['images'], ['labels'], ['rows'],
      ['backgrounds'], ['unusable_images'], ['known'], ['ignored']];
    for (const [key, tone] of cards)
      if (key in data.summary)
        $('cards').append(el('div', {}, el('dt', {}, key.replace('_', ' ')),
                             el('dd', {class: tone || ''}, number(data.summary[key]))));
  }

  function showRules() {
    $('clean').hidden = data.findings.length > 0;
    $('rule').append(new Option('all', ''));
    for (const rule of data.rules) {
      $('rule').append(new Option(`${rule.id} (${number(rule.count)})`, rule.id));
      const button = el('button', {type: 'button', 'aria-pressed': 'false', 'data-rule': rule.id},
        el('strong', {class: rule.severity}, rule.id), el('span', {}, number(rule.count)),
        el('span', {class: 'quiet'}, rule.summary));
      button.addEventListener('click', () => {
        $('rule').value = $('rule').value === rule.id ? '' : rule.id;
        filter();
      });
      $('rules').append(el('li', {}, button));
    }
    $('split').append(new Option('all', ''));
    for (const split of new Set(data.findings.map(finding => finding.split).filter(Boolean)))
      $('split').append(new Option(split, split));
  }

  // The corners of the row that a finding is about, in parts of the picture's sides.
  function corners(finding, thumb) {
    let shape = finding.shape;
    if (!shape) return null;
    if (finding.rule === 'label/pixel-coordinates')
      shape = shape.map((value, i) => value / (i % 2 ? thumb.height : thumb.width));
    if (shape.length === 4) {
      const [x, y] = shape, w = Math.max(Math.abs(shape[2]), .01) / 2, h = Math.max(Math.abs(shape[3]), .01) / 2;
      shape = [x - w, y - h, x + w, y - h, x + w, y + h, x - w, y + h];
    }
    return shape.map(value => Math.min(Math.max(value, -1), 2));
  }

  function picture(finding) {
    const thumb = data.thumbs[finding.thumb];
    if (!thumb) return null;
    if (thumb.why) return el('figure', {}, el('div', {class: 'why'}, `No picture: ${thumb.why}`));
    const figure = el('figure', {}, el('img', {src: thumb.src, alt: finding.image, loading: 'lazy',
                                               width: thumb.shown_width, height: thumb.shown_height}));
    const points = corners(finding, thumb);
    if (points) {
      const svg = document.createElementNS(svgSpace, 'svg'), polygon = document.createElementNS(svgSpace, 'polygon');
      svg.setAttribute('viewBox', '0 0 1 1');
      svg.setAttribute('preserveAspectRatio', 'none');
      svg.setAttribute('aria-hidden', 'true');
      polygon.setAttribute('points', points.join(' '));
      svg.append(polygon);
      figure.append(svg);
    }
    return figure;
  }

  function place(finding) {
    const line = finding.line ? `:${finding.line}` : '';
    return finding.path + line + (finding.column ? `, field ${finding.column}` : '');
  }

  function card(finding) {
    const rule = data.rules.find(candidate => candidate.id === finding.rule) || {};
    const help = el('details', {}, el('summary', {}, 'What to do'), el('p', {}, rule.harm || ''), el('p', {}, rule.remedy || ''),
      el('p', {class: 'quiet'}, `Ultralytics: ${finding.ultralytics} · fix: ${finding.fix}`));
    const related = finding.related ? el('p', {class: 'quiet'}, `see also ${finding.related.slice(0, 5).join(', ')}`) : null;
    const split = finding.split ? ` · ${finding.split}` : '';
    const text = el('div', {}, el('strong', {class: finding.severity}, `${finding.severity}: ${finding.rule}`),
      el('span', {class: 'quiet'}, split), el('p', {}, finding.message), el('p', {}, el('code', {}, place(finding))), related, help);
    const figure = picture(finding);
    return el('li', figure ? {class: 'pictured'} : {}, figure, text);
  }

  function more() {
    const next = matching.slice(shown, shown + batch);
    $('findings').append(...next.map(card));
    shown += next.length;
    $('more').hidden = shown >= matching.length;
  }

  function filter() {
    const rule = $('rule').value, split = $('split').value, words = $('search').value.trim().toLowerCase();
    const severities = [...document.getElementsByName('severity')].filter(box => box.checked).map(box => box.value);
    matching = data.findings.filter(finding =>
      (!rule || finding.rule === rule) && (!split || finding.split === split) && severities.includes(finding.severity) &&
      (!words || `${finding.path} ${finding.image || ''} ${finding.message}`.toLowerCase().includes(words)));
    shown = 0;
    $('findings').replaceChildren();
    for (const button of document.querySelectorAll('#rules button'))
      button.setAttribute('aria-pressed', String(button.dataset.rule === rule));
    const rest = data.left_out ? `; ${number(data.left_out)} more are in the JSON report only` : '';
    $('count').textContent = `${number(matching.length)} of ${number(data.findings.length)} findings${rest}`;
    more();
  }

  showHead();
  showRules();
  $('filters').addEventListener('input', filter);
  $('filters').addEventListener('reset', () => setTimeout(filter));
  $('filters').addEventListener('submit', event => event.preventDefault());
  $('more').addEventListener('click', more);
  filter();
})();
