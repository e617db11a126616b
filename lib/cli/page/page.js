// What the page can do beyond what it shows: filter, open in place, copy, and say what is under the pointer.
const root = document.documentElement;
const board = () => document.getElementById('board');
root.classList.add('js');

for (const code of document.querySelectorAll('code.cmd')) addCopy(code);

function addCopy(code) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = code.dataset.words ?? 'copy';
  if (!code.dataset.words) button.setAttribute('aria-label', `copy ${code.textContent}`);
  button.addEventListener('click', () => void copy(code, button));
  code.after(button);
}

async function copy(code, button) {
  const words = button.textContent;
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = 'copied';
  } catch {
    button.textContent = code.textContent;
  }
  setTimeout(() => (button.textContent = words), 1500);
}

async function fetchPart(href) {
  const answer = await fetch(href, { headers: { 'x-part': '1' } });
  if (!answer.ok) throw new Error(String(answer.status));
  const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const code of parsed.body.querySelectorAll('code.cmd')) addCopy(code);
  return [...parsed.body.childNodes];
}

document.addEventListener('toggle', ({ target }) => void openRow(target), true);

async function openRow(target) {
  const inside = target.open && target.querySelector(':scope > .inside[data-href]');
  if (!inside) return;
  const { href } = inside.dataset;
  delete inside.dataset.href;
  try {
    inside.replaceChildren(...(await fetchPart(href)));
  } catch {
    inside.dataset.href = href;
  }
}

document.addEventListener('click', (event) => {
  const more = event.target.closest?.('[data-more]');
  if (!more || !event.target.closest('a')) return;
  event.preventDefault();
  void showMore(more);
});

async function showMore(more) {
  more.replaceWith(...(await fetchPart(more.dataset.more)));
}

const find = document.querySelector('.find');
if (find) {
  find.hidden = false;
  let timer;
  const change = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void filter(), 200);
  };
  find.addEventListener('input', change);
  find.addEventListener('submit', (event) => {
    event.preventDefault();
    void filter();
  });
}

let asked = 0;
async function filter() {
  const query = new URLSearchParams(new FormData(find));
  if (document.body.hasAttribute('data-file')) return filterHere(query);
  if (query.get('q') === '') query.delete('q');
  const number = (asked += 1);
  const href = query.size === 0 ? '/' : `/?${query}`;
  try {
    const nodes = await fetchPart(href);
    if (number !== asked) return;
    board().replaceWith(...nodes);
    history.replaceState(null, '', href);
  } catch {
    // What stands there stays.
  }
}

function filterHere(query) {
  const typed = query.get('q') ?? '';
  const source = typed
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  const pattern = new RegExp(typed.includes('/') || typed.includes('*') ? `^(.*:)?${source}(/.*)?$` : source);
  for (const row of document.querySelectorAll('.pool')) {
    row.hidden = !pattern.test(row.dataset.name) || (query.has('only') && !('odd' in row.dataset));
  }
}

const tip = document.createElement('div');
tip.className = 'tip';
tip.hidden = true;
document.querySelector('main').append(tip);
document.addEventListener('pointermove', point);
document.addEventListener('pointerleave', () => (tip.hidden = true));

function point(event) {
  const plot = event.target.closest?.('.plot');
  tip.hidden = !plot;
  if (!plot) return;
  const { from, minutes, now, zone } = board().dataset;
  const box = plot.getBoundingClientRect();
  const minute = Math.round(((event.clientX - box.left) / box.width) * minutes);
  const at = new Date((Number(from) + minute) * 60_000);
  const time = timeOf(at, zone);
  const isPast = minute < now;
  const least = valueAt(plot, isPast ? '.s' : '.p', minute);
  const most = valueAt(plot, isPast ? '.us' : '.u', minute);
  const count = isPast || most <= least ? least : `${least} to ${most}`;
  const isGap = isPast && [...document.querySelectorAll('.backdrop .gap')].some((gap) => isIn(gap, minute));
  const noun = count === 1 ? 'node' : 'nodes';
  tip.textContent = isGap ? `${time} · no rounds` : `${time} · ${count} ${noun} ${isPast ? 'seen' : 'planned'}`;
  const left = event.pageX + 14;
  const room = root.clientWidth - tip.offsetWidth - 4;
  tip.style.left = `${Math.min(left, room)}px`;
  tip.style.top = `${event.pageY - 28}px`;
}

/** Of a time that the clocks show twice, which one. */
function timeOf(at, timeZone) {
  const told = (minutes, more) =>
    new Date(at.getTime() + minutes * 60_000).toLocaleString('en-GB', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      ...more,
    });
  const time = told(0);
  const isTwice = [-120, -60, -30, 30, 60, 120].some((minutes) => told(minutes) === time);
  return isTwice ? told(0, { timeZoneName: 'short' }) : time;
}

function isIn(rect, minute) {
  const from = Number(rect.getAttribute('x'));
  return minute >= from && minute < from + Number(rect.getAttribute('width'));
}

/** The path is its own data: "M0 0V4H300V0", in minutes and nodes. */
function valueAt(plot, kind, minute) {
  let value = 0;
  const path = plot.querySelector(kind)?.getAttribute('d') ?? '';
  for (const [, letter, a, b] of path.matchAll(/([MHV])(\d+)(?: (\d+))?/g)) {
    if (letter === 'V') value = Number(a);
    else if (Number(a) > minute) return value;
    else if (letter === 'M') value = Number(b);
  }
  return 0;
}
