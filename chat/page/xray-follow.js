// Stays at the end of what grows, until somebody scrolls up.

const NEAR = 40;

/**
 * Where each row is as high as every other, and those that are drawn may be fewer than there are.
 * @param {HTMLElement} scroller
 * @param {() => void} moved
 */
export function follows(scroller, row, moved) {
  let rows = 0;
  const most = () => Math.max(rows * row - scroller.clientHeight, 0);
  const follow = {
    on: true,
    /** The first row that is seen, and the one behind the last. */
    get seen() {
      const top = Math.min(scroller.scrollTop, most());
      return [Math.floor(top / row), Math.ceil((top + scroller.clientHeight) / row)];
    },
    /** There are so many rows now, and so many of the first are gone. */
    grew(count, gone = 0) {
      rows = count;
      if (follow.on) scroller.scrollTop = most();
      else if (gone > 0) scroller.scrollTop -= gone * row;
    },
    latest() {
      follow.on = true;
      scroller.scrollTop = most();
      moved();
    },
  };
  scroller.addEventListener("scroll", () => {
    follow.on = scroller.scrollTop >= most() - NEAR;
    moved();
  });
  return follow;
}
