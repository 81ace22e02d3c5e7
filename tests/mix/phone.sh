#!/bin/bash
# phone.sh REPORT.html: the page as a phone of 390 px sees it, measured by Chromium: nothing is wider than the screen but
# what scrolls in a frame of its own. Prints what is; exits 1 then.
set -u
page=$(realpath "$1") frame=$(mktemp "${TMPDIR:-/tmp}/phone.XXXXXX.html")
trap 'rm -f "$frame"' EXIT
cat >"$frame" <<END
<iframe src="file://$page" style="border:0;width:390px;height:9000px"></iframe>
<script>
onload = () => {
    const page = document.querySelector("iframe").contentDocument, wide = [];
    if (!page.querySelector("figure svg")) wide.push("no chart is there");
    if (page.documentElement.scrollWidth > 390) wide.push("the page: " + page.documentElement.scrollWidth);
    for (const one of page.querySelectorAll("svg, p, li, .tiles div"))
        if (!one.closest(".scroll") && !one.closest("details") && one.getBoundingClientRect().right > 390)
            wide.push(one.tagName + ": " + one.getBoundingClientRect().right);
    for (const one of page.querySelectorAll("svg .tick"))
        if (!one.closest(".scroll") && one.getBoundingClientRect().height < 8)
            wide.push("a label too small to read: " + one.textContent);
    for (const one of page.querySelectorAll(".stack td"))
        if (one.getBoundingClientRect().right > 390) wide.push("a table's cell: " + one.getBoundingClientRect().right);
    document.body.textContent = "JUDGED[" + wide.join("; ") + "]";
};
</script>
END
said=$(chromium --headless=new --no-sandbox --disable-gpu --allow-file-access-from-files --window-size=500,9000 \
    --dump-dom "file://$frame" 2>/dev/null | grep -o 'JUDGED\[.*\]')
echo "$said"
[ "$said" = "JUDGED[]" ]
